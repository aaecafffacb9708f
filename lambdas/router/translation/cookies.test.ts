import { describe, expect, test } from '@jest/globals';
import type { CookiePolicy } from '../../stores/records.ts';
import { translateCookies } from './cookies.ts';

const NOTHING: CookiePolicy = { secure: false, httpOnly: false, sameSite: null };
const address = { path: '/wiki/', internalUrl: 'http://o.internal/base/' };

const cookies = (cookie: string, policy: Partial<CookiePolicy> = {}, translate = true): string[] =>
  translateCookies([['Set-Cookie', cookie]], { address, translate, policy: { ...NOTHING, ...policy } }).map(([, value]) => value);

describe('domain and path', () => {
  test.each([
    ['a=1; Path=/base/x; HttpOnly', 'a=1; Path=/wiki/x; HttpOnly'],
    ['a=1; path=/base', 'a=1; Path=/wiki/'],
    ['a=1; Path=/', 'a=1; Path=/'],
    ['a=1; Domain=o.internal; Secure', 'a=1; Secure'],
    ['a=1; domain=.internal', 'a=1'],
    ['a=1; Domain=example.com', 'a=1; Domain=example.com'],
    ['__Host-a=1; Path=/; Secure', '__Host-a=1; Path=/; Secure'],
    ['a=b=c; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'a=b=c; Expires=Wed, 21 Oct 2026 07:28:00 GMT'],
    ['', ''],
  ])('%s is %s', (cookie, external) => {
    expect(cookies(cookie)).toEqual([external]);
  });

  test('stay where nothing is to be translated', () => {
    expect(cookies('a=1; Path=/base/; Domain=o.internal', {}, false)).toEqual(['a=1; Path=/base/; Domain=o.internal']);
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
