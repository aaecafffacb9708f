// An external address as the applications know it: the way back, for what browsers say of the page that asks (Origin, Referer).
import type { Address } from '../../stores/records.ts';
import type { ExternalUrls } from '../external-url.ts';
import type { ReadDirectory } from '../ports.ts';

export interface InternalAddresses {
  /** The URL at its origin; null for a URL that is none of ours. */
  url(external: string): Promise<string | null>;
  /** Scheme, host and port alone. */
  origin(external: string): Promise<string | null>;
}

/** `own`: the address by which the request came. */
export const createInternalAddresses = (directory: ReadDirectory, urls: Pick<ExternalUrls, 'origin'>, own: Address): InternalAddresses => {
  const addressesOn = async (host: string): Promise<readonly Address[]> => {
    const exact = await directory.applicationsOn(host);
    const dot = host.indexOf('.');
    const found = exact.length > 0 || dot < 0 ? exact : await directory.applicationsOn(`*${host.slice(dot)}`);
    return found.map(({ path, internalUrl }) => ({ host, path, internalUrl: internalUrl.replace('*', host.slice(0, dot)) }));
  };
  const split = (external: string): { readonly host: string; readonly path: string } | null => {
    const [, origin = '', host = '', path = ''] = /^(https?:\/\/([a-z0-9.-]+)(?::\d+)?)(?=$|[/?#])(.*)$/s.exec(external) ?? [];
    // Another scheme or port is another origin, and none of ours.
    return host !== '' && urls.origin(host) === origin ? { host, path: path.startsWith('/') ? path : `/${path}` } : null;
  };

  return {
    url: async (external) => {
      const parts = split(external);
      if (parts === null) return null;
      const addresses = parts.host === own.host ? [own, ...(await addressesOn(parts.host))] : await addressesOn(parts.host);
      const best = addresses
        .filter(({ path }) => parts.path.startsWith(path))
        .reduce<Address | null>((one, other) => (one === null || other.path.length > one.path.length ? other : one), null);
      return best && best.internalUrl + parts.path.slice(best.path.length);
    },
    origin: async (external) => {
      const parts = split(external);
      if (parts === null) return null;
      const addresses = parts.host === own.host ? [own] : await addressesOn(parts.host);
      // Several applications may share a host: the one nearest to its root speaks for it.
      const first = addresses.reduce<Address | null>(
        (one, other) => (one === null || other.path.length < one.path.length ? other : one),
        null,
      );
      return first && new URL(first.internalUrl).origin;
    },
  };
};
