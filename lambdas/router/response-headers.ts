// The origin's header fields as the user gets them: without what concerned its own connection, its internal address said as the external one.
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { isFieldValue, isToken, withoutHopByHop } from '../../protocol/headers.ts';
import type { Application } from '../stores/records.ts';
import { isOurCookie } from './cookies.ts';

const ADDRESSES: ReadonlySet<string> = new Set(['location', 'content-location']);

/** Throws ERR_ORIGIN_INVALID for fields that are none: a line break here would be another field, or another response. */
export const responseHeaders = (headers: HeaderList, application: Application, externalOrigin: string): HeaderList => {
  if (!headers.every(([name, value]) => isToken(name) && isFieldValue(value))) {
    throw new SallyportError('ERR_ORIGIN_INVALID', `The origin of ${application.id} sent a header field that is none (RFC 9110 §5).`);
  }
  return withoutHopByHop(headers).flatMap(([name, value]) => {
    const known = name.toLowerCase();
    if (ADDRESSES.has(known)) return [[name, externalAddress(value, application, externalOrigin)] as const];
    if (known === 'set-cookie') return externalCookie(value, application).map((cookie) => [name, cookie] as const);
    return [[name, value] as const];
  });
};

/** A redirect to the internal URL becomes one to the external URL; others stay. */
export const externalAddress = (address: string, { internalUrl, path }: Application, externalOrigin: string): string => {
  // A relative reference is relative to what the browser asked for; only those with a host or a whole path need translating.
  if (!/^(?:[a-z][a-z0-9+.-]*:)?\//i.test(address)) return address;
  const base = new URL(internalUrl);
  const url = URL.parse(address, base.href);
  // http or https: an origin behind TLS of its own often knows itself by the other one.
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname !== base.hostname || !samePort(url, base)) return address;
  if (!url.pathname.startsWith(base.pathname)) return `${url.pathname}/` === base.pathname ? externalOrigin + path : address;
  return externalOrigin + path + url.pathname.slice(base.pathname.length) + url.search + url.hash;
};

const samePort = (one: URL, other: URL): boolean => one.port === other.port || (one.protocol !== other.protocol && one.port === '');

/** Ours are not an origin's to set. An internal domain means nothing outside; a path is moved with the application's. */
const externalCookie = (cookie: string, { internalUrl, path }: Application): string[] => {
  const [pair = '', ...attributes] = cookie.split(';');
  if (isOurCookie(pair.split('=', 1)[0]!)) return [];
  const base = new URL(internalUrl);
  const kept = attributes.flatMap((attribute) => {
    const [name = '', value = ''] = attribute.split(/=(.*)/s).map((part) => part.trim());
    const known = name.toLowerCase();
    if (known === 'domain' && coversHost(value, base.hostname)) return [];
    // A `__Host-` cookie with any other path than `/` is refused by browsers.
    const movable = known === 'path' && value.startsWith('/') && path !== base.pathname && !/^\s*__host-/i.test(pair);
    if (movable) return [` Path=${externalCookiePath(value, base.pathname, path)}`];
    return [attribute];
  });
  return [[pair, ...kept].join(';')];
};

const coversHost = (domain: string, host: string): boolean => {
  const name = domain.replace(/^\./, '').toLowerCase();
  return host === name || host.endsWith(`.${name}`);
};

const externalCookiePath = (value: string, internal: string, external: string): string => {
  if (value.startsWith(internal)) return external + value.slice(internal.length);
  return `${value}/` === internal ? external : value;
};
