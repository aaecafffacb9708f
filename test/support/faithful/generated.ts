// Generated cases of the differential test: requests and answers of every kind.
import fc from 'fast-check';
import { pathReadings } from '../../../policy/path-readings.ts';
import type { Case, Planned, Sent } from './case.ts';
import type { Field } from './message.ts';

const word = (...characters: readonly string[]) => fc.array(fc.constantFrom(...characters), { maxLength: 8 }).map((list) => list.join(''));

/** What a field value may hold: one character for each byte, no blanks outside. */
const value = word('a', 'Z', '0', ' ', ',', ';', '=', '"', ':', '/', '\\', '%', '\t', '\xe9', '\xc3\xa9', '\xff').map((text) =>
  text.trim(),
);

const segment = word('a', 'B', '1', '.', '..', '-', '_', '~', '!', '$', '&', "'", '(', ')', '*', '+', ',', ';', '=', ':', '@').chain(
  (text) =>
    fc.constantFrom(
      text,
      `${text}%2F`,
      `${text}%2f..`,
      '%3F',
      '%23x',
      '%5C',
      '\\',
      '%00',
      '%0d%0a',
      '%C3%A9',
      '%E9',
      '%c0%af',
      '%',
      '%zz',
      '%u002e',
      '|',
      '{x}',
      '[x]',
      '"',
      '<>',
      '^',
      '`',
      '%25',
      '',
    ),
);
const path = fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`);

const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  {
    weight: 5,
    arbitrary: fc
      .array(
        fc.oneof(
          {
            weight: 12,
            arbitrary: fc.constantFrom(
              'a',
              'b',
              'B',
              '1',
              '02',
              '10',
              '=',
              '=',
              '&',
              '&',
              '+',
              '%20',
              '%2B',
              '%2b',
              '%26',
              '%3D',
              '%C3%A9',
              '%c3%a9',
              '%25',
              '-',
              '.',
              '~',
              '!',
              "'",
              '(',
              '*',
              ':',
              '/',
              '?',
              '@',
              '$',
              ',',
              '[',
              ']',
              '%00',
            ),
          },
          { weight: 1, arbitrary: fc.constantFrom(';', '"', '<', '^', '`', '\\', 'constructor', '__proto__', '%F0%9F%8E%89') },
        ),
        { maxLength: 14 },
      )
      .map((parts) => `?${parts.join('')}`),
  },
);

const named = (...names: readonly string[]) => fc.tuple(fc.constantFrom(...names), value);
const exactly = (...fields: readonly Field[]) => fc.constantFrom(...fields);

const requestField: fc.Arbitrary<Field> = fc.oneof(
  named(
    'X-A',
    'x-a',
    'X-B',
    'X_C',
    'X.D',
    'x!#$%&',
    '123',
    '7',
    '__proto__',
    'constructor',
    'Accept-Language',
    'User-Agent',
    'Referer',
    'From',
    'DNT',
    'Pragma',
    'Date',
    'Warning',
  ),
  exactly(
    ['Accept', 'text/html,*/*;q=0.8'],
    ['Accept-Encoding', 'gzip, br'],
    ['Authorization', 'Basic YTpi'],
    ['Cache-Control', 'no-cache'],
    ['Content-Encoding', 'gzip'],
    ['Content-Type', 'application/json; charset=utf-8'],
    ['content-type', 'multipart/form-data; boundary="x y"'],
    ['Cookie', 'a=1; b="2"; c'],
    ['cookie', 'd=e=f;;  g=\xe9'],
    ['If-Match', '"1", W/"2"'],
    ['If-Modified-Since', 'Wed, 21 Oct 2026 07:28:00 GMT'],
    ['If-None-Match', 'W/"1"'],
    ['If-Range', '"1"'],
    ['Origin', 'https://elsewhere.example'],
    ['Range', 'bytes=0-4,9-'],
    ['X-Forwarded-For', '192.0.2.1, 192.0.2.2'],
    ['X-Requested-With', 'XMLHttpRequest'],
  ),
  exactly(
    ['Content-MD5', 'Q2hlY2s='],
    ['Forwarded', 'for=10.0.0.1'],
    ['Keep-Alive', 'timeout=5'],
    ['Max-Forwards', '3'],
    ['Proxy-Authorization', 'Basic eA=='],
    ['Sallyport-User', 'admin'],
    ['TE', 'trailers'],
    ['Via', '1.1 x'],
    ['X-Amzn-Trace-Id', 'Root=1-0-0'],
    ['X-Forwarded-Host', 'evil.example'],
    ['X_Forwarded_For', '10.0.0.1'],
    ['x-real.ip', '10.0.0.1'],
  ),
);

/** Mostly short, now and then of several frames. */
const bytes = fc
  .tuple(
    fc.oneof(
      { weight: 80, arbitrary: fc.integer({ min: 0, max: 60 }) },
      { weight: 20, arbitrary: fc.integer({ min: 0, max: 5_000 }) },
      { weight: 2, arbitrary: fc.constantFrom(97_000, 98_000, 250_000) },
    ),
    fc.integer({ min: 1, max: 255 }),
  )
  .map(([length, step]) => Buffer.from(Uint8Array.from({ length }, (_, at) => (at * step) % 256)));

/** A path that servers could read in all too many ways is refused, whoever sends it: the unit tests of the readings are about those. */
const isReadable = (text: string): boolean => {
  try {
    return pathReadings(text).size > 0;
  } catch {
    return false;
  }
};

const sent: fc.Arbitrary<Sent> = fc.record({
  method: fc.oneof(
    { weight: 5, arbitrary: fc.constant('GET') },
    { weight: 6, arbitrary: fc.constantFrom('HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS') },
  ),
  target: fc.tuple(path.filter(isReadable), query).map((parts) => parts.join('')),
  version: fc.constant('1.1'),
  fields: fc.array(requestField, { maxLength: 7 }),
  body: fc.option(bytes, { freq: 3 }),
  coding: fc.constantFrom('length', 'length', 'chunked'),
  trailers: fc.array(named('X-Trailer', 'X-Checksum'), { maxLength: 1 }),
});

const answerField: fc.Arbitrary<Field> = fc.oneof(
  named('X-A', 'x-a', 'X-B', 'X_C', '123', 'ETag', 'Vary', 'vary', 'Link', 'Warning', 'Content-Language', 'Content-Disposition'),
  exactly(
    ['Accept-Ranges', 'bytes'],
    ['Access-Control-Allow-Origin', '*'],
    ['Age', '10'],
    ['Allow', 'GET, HEAD'],
    ['Cache-Control', 'private, max-age=60'],
    ['Content-Encoding', 'gzip'],
    ['Content-Location', '/x?y#z'],
    ['Content-Range', 'bytes 0-4/10'],
    ['Content-Security-Policy', "default-src 'self'"],
    ['Content-Type', 'text/html; charset=iso-8859-1'],
    ['content-type', 'application/octet-stream'],
    ['Expires', '0'],
    ['Last-Modified', 'Wed, 21 Oct 2026 07:28:00 GMT'],
    ['Location', '../elsewhere?a=b'],
    ['Location', 'https://elsewhere.example/%2F'],
    ['Refresh', '5; url=/x'],
    ['Retry-After', '3'],
    ['Set-Cookie', 'a=1; Path=/x; HttpOnly; SameSite=Lax'],
    ['Set-Cookie', 'b=2, c; Expires=Wed, 21 Oct 2026 07:28:00 GMT'],
    ['set-cookie', 'd=\xe9; Secure'],
    ['Strict-Transport-Security', 'max-age=1'],
    ['WWW-Authenticate', 'Negotiate'],
    ['www-authenticate', 'Basic realm="a, b"'],
  ),
  exactly(
    ['Alt-Svc', 'h3=":443"'],
    ['Authorization', 'x'],
    ['Connection', 'X-Named'],
    ['Content-MD5', 'Q2hlY2s='],
    ['Date', 'Wed, 21 Oct 2026 07:28:00 GMT'],
    ['Keep-Alive', 'timeout=5'],
    ['Max-Forwards', '3'],
    ['Proxy-Authenticate', 'Basic'],
    ['Sallyport-Sign-In', 'https://evil.example'],
    ['Server', 'Apache'],
    ['Set-Cookie', '__Host-sallyport-session=stolen; Path=/; Secure'],
    ['User-Agent', 'x'],
    ['Via', '1.1 inner'],
    ['X-Amzn-ErrorType', 'x'],
    ['X-Named', '1'],
  ),
);

const STATUSES = [
  200, 200, 200, 200, 201, 202, 203, 206, 207, 226, 299, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 412, 416,
  418, 422, 428, 429, 451, 499, 500, 501, 502, 503, 504, 511, 520, 599,
];

const planned: fc.Arbitrary<Planned> = fc
  .record({
    status: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...STATUSES) }, { weight: 1, arbitrary: fc.constantFrom(204, 304) }),
    reason: fc.constantFrom('OK', 'Its Own Words', ''),
    fields: fc.array(answerField, { maxLength: 8 }),
    body: bytes,
    coding: fc.constantFrom('length', 'length', 'chunked', 'close'),
    trailers: fc.array(named('X-Trailer'), { maxLength: 1 }),
    interim: fc.oneof(
      { weight: 9, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(fc.constantFrom(100, 102, 103), { maxLength: 2 }) },
    ),
  })
  // A 204 with a transfer coding, or a 304 that ends with its connection, is no HTTP.
  .map(
    (answer): Planned =>
      answer.status === 204 || answer.status === 304
        ? { ...answer, coding: answer.coding === 'length' ? 'length' : 'none' }
        : (answer as Planned),
  );

export const generated: fc.Arbitrary<Case> = fc.record({ sent, planned });
