import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SallyportError } from '../../protocol/errors.ts';
import { REQUEST_BODY_MAX_BYTES } from '../../protocol/limits.ts';
import { canonicalRequest, type ProxyEvent } from './canonical-request.ts';
import { event } from './testing/records.ts';

const invalid = expect.objectContaining({ code: 'ERR_REQUEST_INVALID' });

test('reads an ordinary request', () => {
  const request = canonicalRequest(
    event({
      httpMethod: 'POST',
      path: '/a%2Fb',
      host: 'Wiki.Apps.Example.com:8443',
      headers: { Accept: ['*/*'], 'X-Two': ['1', '2'] },
      multiValueQueryStringParameters: { q: ['a b', 'c&d'], "it's": ['é'] },
      body: Buffer.from([0, 255]).toString('base64'),
      isBase64Encoded: true,
    }),
  );

  expect(request).toMatchObject({
    id: 'request-1',
    method: 'POST',
    host: 'wiki.apps.example.com',
    path: '/a%2Fb',
    query: '?q=a%20b&q=c%26d&it%27s=%C3%A9',
    hasBody: true,
    clientAddress: '203.0.113.9',
  });
  expect(request.headers).toEqual([
    ['Host', 'Wiki.Apps.Example.com:8443'],
    ['Accept', '*/*'],
    ['X-Two', '1'],
    ['X-Two', '2'],
  ]);
  expect([...request.body]).toEqual([0, 255]);
});

describe('host confusion (Caddy CVE-2026-27588, Envoy CVE-2021-32777)', () => {
  test.each([
    ['WIKI.apps.example.com', 'wiki.apps.example.com'],
    ['wiki.apps.example.com.', 'wiki.apps.example.com'],
    ['wiki.apps.example.com:443', 'wiki.apps.example.com'],
    ['wiki.apps.example.com.:443', 'wiki.apps.example.com'],
  ])('%s is %s', (sent, host) => {
    expect(canonicalRequest(event({ host: sent })).host).toBe(host);
  });

  test.each([
    '',
    'a b',
    'a/b',
    'a@b',
    'a,b',
    'a..b',
    '.a',
    'a:b',
    'a:',
    '[::1]',
    'a_b',
    'w\u0131ki',
    'a\\b',
    'a%2eb',
    `${'a'.repeat(64)}.example`,
  ])('refuses %j', (host) => {
    expect(() => canonicalRequest(event({ host }))).toThrow(invalid);
  });

  test('refuses two Host fields, in one spelling or in two, and none', () => {
    const none: ProxyEvent = { ...event(), multiValueHeaders: { Accept: ['*/*'] } };

    expect(() => canonicalRequest(event({ headers: { Host: ['wiki.apps.example.com', 'evil.example'] } }))).toThrow(invalid);
    expect(() => canonicalRequest(event({ headers: { host: ['evil.example'] } }))).toThrow(invalid);
    expect(() => canonicalRequest(none)).toThrow(invalid);
  });
});

describe('path', () => {
  test('is as the client sent it, with the slashes before the first name that API Gateway drops from the other one', () => {
    expect(canonicalRequest(event({ path: '/a//b', requestPath: '///a//b' })).path).toBe('///a//b');
  });

  test('is the one that API Gateway routed by where the two differ otherwise', () => {
    expect(canonicalRequest(event({ path: '/a', requestPath: '/live/a' })).path).toBe('/a');
  });
});

describe('header injection', () => {
  test.each(['a\r\nX-Admin: 1', 'a\nb', 'a\0b', 'a\rb', 'a\x7fb'])('refuses the value %j', (value) => {
    expect(() => canonicalRequest(event({ headers: { 'X-A': [value] } }))).toThrow(invalid);
  });

  test.each(['X A', 'X:A', '', 'X\r\nY', 'X\u00e4'])('refuses the name %j', (name) => {
    expect(() => canonicalRequest(event({ headers: { [name]: ['1'] } }))).toThrow(invalid);
  });

  test('carries what the event decoded as bytes, so nothing is cut to a control character', () => {
    const { headers } = canonicalRequest(event({ headers: { 'X-A': ['\u010a'] } }));

    expect(headers.at(-1)).toEqual(['X-A', '\u00c4\u008a']);
  });
});

describe('method', () => {
  test.each(['TRACE', 'CONNECT', 'get', 'GE T', '', 'GET\r\n'])('refuses %j', (httpMethod) => {
    expect(() => canonicalRequest(event({ httpMethod }))).toThrow(invalid);
  });
});

describe('query', () => {
  test.each([
    [{ wsdl: [''] }, '?wsdl'],
    [{ a: [''], b: [''] }, '?a=&b='],
    [{ 'a=b': ['c&d#e'] }, '?a%3Db=c%26d%23e'],
    [{ '': [''] }, '?='],
    [{}, ''],
  ])('%j becomes %s', (multiValueQueryStringParameters, query) => {
    expect(canonicalRequest(event({ multiValueQueryStringParameters })).query).toBe(query);
  });

  test('refuses half a character', () => {
    expect(() => canonicalRequest(event({ multiValueQueryStringParameters: { a: ['\ud800'] } }))).toThrow(invalid);
  });

  test('is read by a URL parser as exactly the parameters that came', () => {
    const parameters = fc.dictionary(
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 3 }),
      { maxKeys: 4 },
    );
    fc.assert(
      fc.property(parameters, (multiValueQueryStringParameters) => {
        const { query } = canonicalRequest(event({ multiValueQueryStringParameters }));

        const url = new URL(`http://origin/${query}`);
        expect(url.search).toBe(query);
        expect([...url.searchParams]).toEqual(
          Object.entries(multiValueQueryStringParameters).flatMap(([name, values]) => values.map((value) => [name, value])),
        );
      }),
    );
  });
});

describe('body', () => {
  test.each([
    ['POST', '', true],
    ['PUT', '', true],
    ['PATCH', '', true],
    ['GET', '', false],
    ['DELETE', '', false],
    ['GET', 'eA==', true],
    ['DELETE', 'eA==', true],
  ])('%s with %j: %s, for an absent body cannot be told from an empty one', (httpMethod, body, hasBody) => {
    expect(canonicalRequest(event({ httpMethod, body: body || null, isBase64Encoded: true })).hasBody).toBe(hasBody);
  });

  test('refuses one that is not base64 though it is said to be', () => {
    expect(() => canonicalRequest(event({ body: 'no base64!', isBase64Encoded: true }))).toThrow(invalid);
  });

  test('refuses one that is larger than an exchange carries', () => {
    const body = 'a'.repeat(REQUEST_BODY_MAX_BYTES + 1);

    expect(() => canonicalRequest(event({ httpMethod: 'POST', body }))).toThrow(expect.objectContaining({ code: 'ERR_BODY_TOO_LARGE' }));
  });
});

test.each(['', 'unknown', '203.0.113.9, 10.0.0.1', 'evil"host'])('refuses the client address %j', (sourceIp) => {
  expect(() => canonicalRequest(event({ sourceIp }))).toThrow(invalid);
});

test('any event is read or refused with a code: never half read', () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 });
  const events = fc.record({
    httpMethod: fc.oneof(fc.constantFrom('GET', 'POST'), text),
    path: fc.oneof(
      text,
      text.map((rest) => `/${rest}`),
    ),
    multiValueHeaders: fc.option(
      fc.dictionary(fc.oneof(fc.constantFrom('Host', 'host', 'Cookie'), text), fc.array(text, { maxLength: 3 })),
    ),
    multiValueQueryStringParameters: fc.option(fc.dictionary(text, fc.array(text, { maxLength: 3 }))),
    body: fc.option(text),
    isBase64Encoded: fc.boolean(),
  });
  fc.assert(
    fc.property(events, (parts) => {
      try {
        const request = canonicalRequest({ ...event(), ...parts });
        expect(request.host).toMatch(/^[a-z0-9.-]+$/);
        expect(request.path + request.query).toMatch(/^\/[\x21-\x7e]*$/);
      } catch (error) {
        expect(error).toBeInstanceOf(SallyportError);
      }
    }),
    { numRuns: 2_000 },
  );
});
