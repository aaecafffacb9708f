// External URLs: an application's record has host and path; scheme and port are those of the portal (one ingress serves all).

export interface ExternalUrls {
  readonly portal: string;
  readonly proto: 'http' | 'https';
  /** The host with its port, if that is not the scheme's own. */
  authority(host: string): string;
  /** `https://host[:port]`. */
  origin(host: string): string;
  /** The host of such an origin; null for any other. */
  hostOf(origin: string): string | null;
}

export const createExternalUrls = (portalUrl: string): ExternalUrls => {
  const { protocol, port, origin: portal } = new URL(portalUrl);
  const authority = (host: string): string => (port === '' ? host : `${host}:${port}`);
  const originOf = (host: string): string => `${protocol}//${authority(host)}`;
  const hostOf = (origin: string): string | null => {
    const [, host] = /^https?:\/\/([a-z0-9.-]+)(?::\d+)?$/.exec(origin) ?? [];
    // Another scheme or port is another origin, and none of ours.
    return host !== undefined && originOf(host) === origin ? host : null;
  };
  return { portal, proto: protocol === 'https:' ? 'https' : 'http', authority, origin: originOf, hostOf };
};
