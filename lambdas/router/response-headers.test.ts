import { expect, test } from '@jest/globals';
import { responseHeaders } from './response-headers.ts';
import { application } from './testing/records.ts';

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
  expect(() => responseHeaders([[name, value]], app)).toThrow(expect.objectContaining({ code: 'ERR_ORIGIN_INVALID' }));
});
