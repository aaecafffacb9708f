// The application's own cookies: at home under its external address, with the attributes that the administrator asks for, and never
// under a name of ours.
import type { HeaderList } from '../../../protocol/frames.ts';
import type { Address, CookiePolicy } from '../../stores/records.ts';
import { isOurCookie } from '../cookies.ts';

export interface CookieOptions {
  readonly address: Pick<Address, 'path' | 'internalUrl'>;
  /** The host, where all below it is the application's; null where something else may be. */
  readonly ownDomain: string | null;
  /** Whether the path is translated. */
  readonly translate: boolean;
  readonly policy: CookiePolicy;
}

export const translateCookies = (headers: HeaderList, options: CookieOptions): HeaderList =>
  headers.flatMap(([name, value]) => {
    if (name.toLowerCase() !== 'set-cookie') return [[name, value] as const];
    const cookie = translateCookie(value, options);
    return cookie === null ? [] : [[name, cookie] as const];
  });

/** Null for one that would pass for ours. */
const translateCookie = (cookie: string, { address, ownDomain, translate, policy }: CookieOptions): string | null => {
  const [pair = '', ...attributes] = cookie.split(';');
  // Without a name, the value is the cookie's whole text: `=__Host-…=x` would be sent back as `__Host-…=x` (RFC 6265bis §5.7).
  if (isOurCookie(pair.split('=', 1)[0]!) || isOurCookie(pair.replace(/^\s*=/, '').split('=', 1)[0]!)) return null;
  const { pathname } = new URL(address.internalUrl);
  // A `__Host-` cookie with any other path than `/` is refused by browsers.
  const moves = translate && address.path !== pathname && !/^\s*__host-/i.test(pair);
  const kept = attributes.flatMap((attribute) => {
    const { name, value } = read(attribute);
    // Any other domain is an internal one, which means nothing outside, or one of other applications, too: they would get the cookie, and could be
    // locked out by it. Without the attribute, a cookie goes to its host alone (RFC 6265 §5.3).
    if (name === 'domain' && value.replace(/^\./, '').toLowerCase() !== ownDomain) return [];
    if (moves && name === 'path' && value.startsWith('/')) return [` Path=${externalPath(value, pathname, address.path)}`];
    return [attribute];
  });
  return [pair, ...asked(kept, policy)].join(';');
};

/** A cookie for other sites is refused by browsers unless it is secure. */
const asked = (attributes: readonly string[], { secure, httpOnly, sameSite }: CookiePolicy): string[] => {
  const has = (wanted: string) => attributes.some((attribute) => read(attribute).name === wanted);
  const kept = sameSite === null ? [...attributes] : attributes.filter((attribute) => read(attribute).name !== 'samesite');
  if ((secure || sameSite === 'none') && !has('secure')) kept.push(' Secure');
  if (httpOnly && !has('httponly')) kept.push(' HttpOnly');
  if (sameSite !== null) kept.push(` SameSite=${sameSite[0]!.toUpperCase()}${sameSite.slice(1)}`);
  return kept;
};

const read = (attribute: string): { readonly name: string; readonly value: string } => {
  const [name = '', value = ''] = attribute.split(/=(.*)/s).map((part) => part.trim());
  return { name: name.toLowerCase(), value };
};

const externalPath = (value: string, internal: string, external: string): string => {
  if (value.startsWith(internal)) return external + value.slice(internal.length);
  return `${value}/` === internal ? external : value;
};
