import { describe, expect, test } from '@jest/globals';
import { externalAddress, responseHeaders } from './response-headers.ts';
import { application } from './testing/records.ts';

const ORIGIN = 'https://wiki.apps.example.com';
const app = application();

test('duplicates stay, hop-by-hop fields go', () => {
  const headers = responseHeaders(
    [
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['WWW-Authenticate', 'Negotiate'],
      ['WWW-Authenticate', 'Basic realm="x"'],
      ['Connection', 'close, X-Hop'],
      ['X-Hop', '1'],
      ['Transfer-Encoding', 'chunked'],
      ['Content-Type', 'text/html'],
    ],
    app,
    ORIGIN,
  );

  expect(headers).toEqual([
    ['Set-Cookie', 'a=1'],
    ['Set-Cookie', 'b=2'],
    ['WWW-Authenticate', 'Negotiate'],
    ['WWW-Authenticate', 'Basic realm="x"'],
    ['Content-Type', 'text/html'],
  ]);
});

test.each<[string, string]>([
  ['X-A', 'b\r\nSet-Cookie: c=d'],
  ['X-A\r\nX-B', 'b'],
  ['X A', 'b'],
])('response splitting: %j: %j is refused', (name, value) => {
  expect(() => responseHeaders([[name, value]], app, ORIGIN)).toThrow(expect.objectContaining({ code: 'ERR_ORIGIN_INVALID' }));
});

describe('redirects to the internal URL lead to the external one', () => {
  const moved = application({ path: '/wiki/', internalUrl: 'http://o.internal:8080/base/' });
  test.each([
    ['http://o.internal:8080/base/x?y=1#z', `${ORIGIN}/wiki/x?y=1#z`],
    ['HTTP://O.internal:8080/base/x', `${ORIGIN}/wiki/x`],
    ['https://o.internal/base/x', `${ORIGIN}/wiki/x`],
    ['//o.internal:8080/base/', `${ORIGIN}/wiki/`],
    ['http://o.internal:8080/base', `${ORIGIN}/wiki/`],
    ['/base/x', `${ORIGIN}/wiki/x`],
    ['/elsewhere', '/elsewhere'],
    ['x/y', 'x/y'],
    ['?q', '?q'],
    ['', ''],
    ['http://o.internal:9090/base/x', 'http://o.internal:9090/base/x'],
    ['http://other.internal/base/x', 'http://other.internal/base/x'],
    ['https://idp.example.com/', 'https://idp.example.com/'],
    ['mailto:a@b', 'mailto:a@b'],
  ])('%s is %s', (address, external) => {
    expect(externalAddress(address, moved, ORIGIN)).toBe(external);
  });
});

describe('cookies of the origin', () => {
  const moved = application({ path: '/wiki/', internalUrl: 'http://o.internal/base/' });
  test.each([
    ['a=1; Path=/base/x; HttpOnly', 'a=1; Path=/wiki/x; HttpOnly'],
    ['a=1; path=/base', 'a=1; Path=/wiki/'],
    ['a=1; Path=/', 'a=1; Path=/'],
    ['a=1; Domain=o.internal; Secure', 'a=1; Secure'],
    ['a=1; domain=.internal', 'a=1'],
    ['a=1; Domain=example.com', 'a=1; Domain=example.com'],
    ['__Host-a=1; Path=/; Secure', '__Host-a=1; Path=/; Secure'],
    ['a=b=c; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'a=b=c; Expires=Wed, 21 Oct 2026 07:28:00 GMT'],
  ])('%s is %s', (cookie, external) => {
    expect(responseHeaders([['Set-Cookie', cookie]], moved, ORIGIN)).toEqual([['Set-Cookie', external]]);
  });

  test.each(['__Host-sallyport-session=x; Path=/', '__host-SALLYPORT-session=x', ' __Host-sallyport-sign-in=x'])(
    'session fixation: %s is not an origin’s to set',
    (cookie) => {
      expect(responseHeaders([['Set-Cookie', cookie]], app, ORIGIN)).toEqual([]);
    },
  );
});
