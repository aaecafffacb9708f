// The portal's cookies. `__Host-` keeps them to this host and HTTPS: no sibling host can plant one (RFC 6265bis §4.1.3.2).
import type { PortalRequest } from './request.ts';

/** Names the portal session. */
export const PORTAL_COOKIE = '__Host-sallyport-portal';
/** Binds a sign-in that is under way to the browser that began it. */
export const BROWSER_COOKIE = '__Host-sallyport-browser';

/** Id of the identity provider that this browser signed in with last. */
export const PROVIDER_COOKIE = '__Host-sallyport-provider';

/** 256 bits, base64url: what our secrets look like. Anything else was not made by us. */
const SECRET = /^[\w-]{43}$/;

/** The secret under this name; null when there is none, or more than one to choose from. */
export const readSecret = (request: Pick<PortalRequest, 'cookies'>, name: string): string | null => {
  const value = readCookie(request, name);
  return value !== null && SECRET.test(value) ? value : null;
};

/** The value under this name; null when there is none, or more than one to choose from. */
export const readCookie = ({ cookies }: Pick<PortalRequest, 'cookies'>, name: string): string | null => {
  const values = cookies.filter((cookie) => cookie.startsWith(`${name}=`)).map((cookie) => cookie.slice(name.length + 1));
  return values.length === 1 ? values[0]! : null;
};

export const setCookie = (name: string, value: string, maxAgeMs: number): string =>
  `${name}=${value}; Path=/; Max-Age=${Math.floor(maxAgeMs / 1000)}; Secure; HttpOnly; SameSite=Lax`;

export const clearCookie = (name: string): string => setCookie(name, '', 0);
