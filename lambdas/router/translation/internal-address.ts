// An external address as the applications know it: the way back, for what browsers say of the page that asks (Origin, Referer). Only of
// pages that may ask: an internal name looks like a friend to an application, and another one's page need not be any.
import type { Address } from '../../stores/records.ts';
import type { ExternalUrls } from '../external-url.ts';
import type { ReadDirectory } from '../ports.ts';

export interface InternalAddresses {
  /** The URL at its origin; null for a URL that is none of ours. */
  url(external: string): Promise<string | null>;
  /** The URL of the page that asks; null where it is none of ours, or a page of an application that is not welcome here. */
  page(external: string): Promise<string | null>;
  /** Its scheme, host and port alone; null likewise. */
  origin(external: string): Promise<string | null>;
}

/** `own`: the address by which the request came; `isWelcome`: whether pages of another origin may call the application. */
export const createInternalAddresses = (
  directory: ReadDirectory,
  urls: Pick<ExternalUrls, 'origin' | 'hostOf'>,
  own: Address,
  isWelcome: (origin: string) => Promise<boolean>,
): InternalAddresses => {
  const addressesOn = async (host: string): Promise<readonly Address[]> => {
    const exact = await directory.applicationsOn(host);
    const dot = host.indexOf('.');
    const found = exact.length > 0 || dot < 0 ? exact : await directory.applicationsOn(`*${host.slice(dot)}`);
    return found.map(({ path, internalUrl }) => ({ host, path, internalUrl: internalUrl.replace('*', host.slice(0, dot)) }));
  };
  const split = (external: string): { readonly host: string; readonly path: string } | null => {
    const [, origin = '', path = ''] = /^(https?:\/\/[^/?#]*)(.*)/s.exec(external) ?? [];
    const host = urls.hostOf(origin);
    return host === null ? null : { host, path: path.startsWith('/') ? path : `/${path}` };
  };
  const mayAsk = async (host: string): Promise<boolean> => host === own.host || isWelcome(urls.origin(host));

  const url = async (external: string): Promise<string | null> => {
    const parts = split(external);
    if (parts === null) return null;
    const addresses = parts.host === own.host ? [own, ...(await addressesOn(parts.host))] : await addressesOn(parts.host);
    const best = addresses
      .filter(({ path }) => parts.path.startsWith(path))
      .reduce<Address | null>((one, other) => (one === null || other.path.length > one.path.length ? other : one), null);
    return best && best.internalUrl + parts.path.slice(best.path.length);
  };

  return {
    url,
    page: async (external) => {
      const parts = split(external);
      return parts === null || !(await mayAsk(parts.host)) ? null : url(external);
    },
    origin: async (external) => {
      const parts = split(external);
      if (parts === null || !(await mayAsk(parts.host))) return null;
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
