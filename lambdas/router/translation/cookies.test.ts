import { describe, expect, test } from '@jest/globals';
import type { CookiePolicy } from '../../stores/records.ts';
import { translateCookies } from './cookies.ts';

const NOTHING: CookiePolicy = { secure: false, httpOnly: false, sameSite: null };
const address = { path: '/wiki/', internalUrl: 'http://o.internal/base/' };

const OWN = 'wiki.apps.example.com';
const cookies = (cookie: string, policy: Partial<CookiePolicy> = {}, translate = true, ownDomain: string | null = OWN): string[] =>
  translateCookies([['Set-Cookie', cookie]], { address, ownDomain, translate, policy: { ...NOTHING, ...policy } }).map(
    ([, value]) => value,
  );

describe('domain and path', () => {
  test.each([
    ['a=1; Path=/base/x; HttpOnly', 'a=1; Path=/wiki/x; HttpOnly'],
    ['a=1; path=/base', 'a=1; Path=/wiki/'],
    ['a=1; Path=/', 'a=1; Path=/'],
    ['a=1; Domain=o.internal; Secure', 'a=1; Secure'],
    ['__Host-a=1; Path=/; Secure', '__Host-a=1; Path=/; Secure'],
    ['a=b=c; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'a=b=c; Expires=Wed, 21 Oct 2026 07:28:00 GMT'],
    ['', ''],
  ])('%s is %s', (cookie, external) => {
    expect(cookies(cookie)).toEqual([external]);
  });

  test('stay where nothing is to be translated', () => {
    expect(cookies('a=1; Path=/base/; Domain=wiki.apps.example.com', {}, false)).toEqual([
      'a=1; Path=/base/; Domain=wiki.apps.example.com',
    ]);
  });
});

/** Cookie tossing: what one application sets reaches its siblings and the portal, as a session of the attacker's, or as more than a request may hold. */
describe('a domain', () => {
  test.each(['wiki.apps.example.com', '.wiki.apps.example.com', 'WIKI.apps.Example.com'])(
    'of the application’s own stays: %s',
    (domain) => {
      expect(cookies(`a=1; Domain=${domain}`)).toEqual([`a=1; Domain=${domain}`]);
    },
  );

  test.each([
    'apps.example.com',
    '.apps.example.com',
    'APPS.EXAMPLE.COM',
    'apps.example.com.',
    'example.com',
    'com',
    'other.apps.example.com',
    'x.wiki.apps.example.com',
    'iki.apps.example.com',
    '..apps.example.com',
    '"apps.example.com"',
    'ａpps.example.com',
    'o.internal',
    '.internal',
    '',
  ])('of others makes the cookie one of its host alone: %j', (domain) => {
    for (const translate of [true, false]) {
      expect(cookies(`a=1; Domain=${domain}; Secure`, {}, translate)).toEqual(['a=1; Secure']);
      expect(cookies(`a=1; domain = ${domain} ;Domain\t=${domain}; Secure`, {}, translate)).toEqual(['a=1; Secure']);
      expect(cookies(`a=1; Domain=${OWN}; DOMAIN=${domain}; Secure`, {}, translate)).toEqual([`a=1; Domain=${OWN}; Secure`]);
    }
  });

  test('goes where others may be published below the host', () => {
    expect(cookies(`a=1; Domain=${OWN}`, {}, true, null)).toEqual(['a=1']);
  });
});

describe('what the administrator asks for', () => {
  test.each<[string, Partial<CookiePolicy>, string]>([
    ['a=1', { secure: true, httpOnly: true, sameSite: 'lax' }, 'a=1; Secure; HttpOnly; SameSite=Lax'],
    [
      'a=1; secure ; HTTPONLY; samesite=None',
      { secure: true, httpOnly: true, sameSite: 'strict' },
      'a=1; secure ; HTTPONLY; SameSite=Strict',
    ],
    ['a=1; SameSite=Strict', {}, 'a=1; SameSite=Strict'],
    ['a=1', { sameSite: 'none' }, 'a=1; Secure; SameSite=None'],
  ])('%s with %j is %s', (cookie, policy, expected) => {
    expect(cookies(cookie, policy)).toEqual([expected]);
    expect(cookies(cookie, policy, false)).toEqual([expected]);
  });
});

/**
 * Session fixation: an application, or whoever can make it send a header, must not give the user's browser a session of the attacker's.
 * Browsers compare the prefix without regard to case, and send a cookie without a name as its bare value.
 */
test.each([
  '__Host-sallyport-session=x; Path=/',
  '__host-SALLYPORT-session=x',
  ' __Host-sallyport-sign-in=x',
  '\t__Host-sallyport-session =x',
  '=__Host-sallyport-session=x',
  '__Host-sallyport-session',
])('session fixation: %j is not an origin’s to set', (cookie) => {
  expect(cookies(cookie)).toEqual([]);
  expect(cookies(cookie, {}, false)).toEqual([]);
});
