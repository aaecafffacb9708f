// External URLs: an application's record has host and path; scheme and port are those of the portal (one ingress serves all).

export interface ExternalUrls {
  readonly portal: string;
  readonly proto: 'http' | 'https';
  /** The host with its port, if that is not the scheme's own. */
  authority(host: string): string;
  /** `https://host[:port]`. */
  origin(host: string): string;
}

export const createExternalUrls = (portalUrl: string): ExternalUrls => {
  const { protocol, port, origin: portal } = new URL(portalUrl);
  const authority = (host: string): string => (port === '' ? host : `${host}:${port}`);
  return { portal, proto: protocol === 'https:' ? 'https' : 'http', authority, origin: (host) => `${protocol}//${authority(host)}` };
};
