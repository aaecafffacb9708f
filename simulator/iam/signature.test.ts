import { expect, test } from '@jest/globals';
import { createSignatureCheck } from './signature.ts';

// The examples of "Signature Version 4 test suite" and of the presigned query (AWS General Reference), with their keys.
const KEY = { secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const find = (id: string) => (id === 'AKIDEXAMPLE' ? KEY : undefined);
const at = Date.parse('2015-08-30T12:36:00Z');
const check = createSignatureCheck(find, () => at);
const SCOPE = 'AKIDEXAMPLE/20150830/us-east-1/service/aws4_request';

const get = (url: string, signature: string, headers: Record<string, string> = {}) => ({
  method: 'GET',
  url,
  headers: {
    host: 'example.amazonaws.com',
    'x-amz-date': '20150830T123600Z',
    authorization: `AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=host;x-amz-date, Signature=${signature}`,
    ...headers,
  },
  body: Buffer.alloc(0),
});

test.each([
  ['get-vanilla', '/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  ['get-vanilla-query-order-key-case', '/?Param2=value2&Param1=value1', 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500'],
])('AWS’s own example %s passes', (_, url, signature) => {
  expect(check(get(url, signature), 'service')).toBe('AKIDEXAMPLE');
});

test('one changed digit of the signature does not', () => {
  expect(() => check(get('/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf32'), 'service')).toThrow(
    expect.objectContaining({ code: 'InvalidSignatureException', status: 403 }),
  );
});

test('a session token that the key does not have is refused', () => {
  const request = get('/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31', { 'x-amz-security-token': 'stolen' });

  expect(() => check(request, 'service')).toThrow(expect.objectContaining({ code: 'UnrecognizedClientException' }));
});

test('a signature for another service is refused', () => {
  expect(() => check(get('/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'), 'execute-api')).toThrow(
    "Credential should be scoped to correct service: 'execute-api'.",
  );
});

test.each([
  [5, 'passes'],
  [6, 'is refused'],
])('%i minutes later a header signature %s', (minutes, verdict) => {
  const later = createSignatureCheck(find, () => at + minutes * 60_000);
  const run = () => later(get('/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'), 'service');

  if (verdict === 'passes') expect(run).not.toThrow();
  else expect(run).toThrow('Signature expired: 20150830T123600Z is now earlier than 20150830T123700Z (20150830T124200Z - 5 min.)');
});

test('a request with header and query signature is refused', () => {
  expect(() => check(get('/?X-Amz-Algorithm=AWS4-HMAC-SHA256', 'x'), 'service')).toThrow("Found both 'X-Amz-Algorithm'");
});

test('a query signature needs all its parameters', () => {
  const { headers, ...request } = get('/?X-Amz-Algorithm=AWS4-HMAC-SHA256', 'x');
  const { authorization: _none, ...others } = headers;

  expect(() => check({ ...request, headers: others }, 'service')).toThrow("must include 'X-Amz-Credential'");
});

test('the host must be signed', () => {
  const request = get('/', 'x', {
    authorization: `AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=x-amz-date, Signature=x`,
  });

  expect(() => check(request, 'service')).toThrow("'Host' must be a 'SignedHeader'");
});
