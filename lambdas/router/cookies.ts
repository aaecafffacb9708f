// Our cookies at an application host: read, set, and kept from the origin.
import type { HeaderList } from '../../protocol/frames.ts';

/** The browser holds `__Host-` cookies to one host, HTTPS and no Domain, so no sibling host can plant one. */
export const SESSION_COOKIE = '__Host-sallyport-session';
/** Binds a sign-in to the browser that began it. */
export const SIGN_IN_COOKIE = '__Host-sallyport-sign-in';
/** The same two in a frame of another site, where browsers keep them apart for each site (CHIPS). */
export const FRAMED_SESSION_COOKIE = '__Host-sallyport-framed-session';
export const FRAMED_SIGN_IN_COOKIE = '__Host-sallyport-framed-sign-in';
const OUR_PREFIX = '__host-sallyport-';

/** Whether a cookie belongs to us, in any case: browsers compare the prefix without regard to it. */
export const isOurCookie = (name: string): boolean => name.trim().toLowerCase().startsWith(OUR_PREFIX);

/** What a browser sends as one of our secrets; anything else was not made by us. */
export const isSecret = (value: string): boolean => /^[\w-]{43}$/.test(value);

/** Every value that was sent under exactly this name. */
export const cookieValues = (headers: HeaderList, wanted: string): string[] =>
  cookiePairs(headers)
    .filter(({ name }) => name === wanted)
    .map(({ value }) => value);

/** The headers with one `Cookie` field (RFC 9113 §8.2.3 lets a client send several) that has none of ours. */
export const withoutOurCookies = (headers: HeaderList): HeaderList => {
  const kept = cookiePairs(headers).filter(({ name }) => !isOurCookie(name));
  const others = headers.filter(([name]) => name.toLowerCase() !== 'cookie');
  return kept.length === 0 ? others : [...others, ['Cookie', kept.map(({ text }) => text).join('; ')]];
};

export const setCookie = (name: string, value: string, maxAgeS: number): readonly [string, string] => [
  'Set-Cookie',
  `${name}=${value}; Path=/; Max-Age=${maxAgeS}; Secure; HttpOnly; SameSite=Lax`,
];

export const setFramedCookie = (name: string, value: string, maxAgeS: number): readonly [string, string] => [
  'Set-Cookie',
  `${name}=${value}; Path=/; Max-Age=${maxAgeS}; Secure; HttpOnly; SameSite=None; Partitioned`,
];

const cookiePairs = (headers: HeaderList) =>
  headers
    .filter(([name]) => name.toLowerCase() === 'cookie')
    .flatMap(([, value]) => value.split(';'))
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => {
      const equals = text.indexOf('=');
      // A pair without `=` is a name to some readers and a value to others; for recognising ours it is a name.
      return equals < 0
        ? { text, name: text, value: '' }
        : { text, name: text.slice(0, equals).trim(), value: text.slice(equals + 1).trim() };
    });
