import { describe, expect, test } from '@jest/globals';
import { canonicalPath } from './canonical-path.ts';

describe('refuses what is no path', () => {
  test.each([
    '',
    'admin',
    'http://evil.example/',
    '*',
    '/public#/admin',
    '/public?x=/admin',
    '/a b',
    '/a\tb',
    '/a\r\nHost: evil',
    '/a\0',
    '/caf\u00e9',
  ])('%j', (path) => {
    expect(() => canonicalPath(path)).toThrow(expect.objectContaining({ code: 'ERR_REQUEST_INVALID' }));
  });
});

test.each([
  '/',
  '//a//b/',
  '/a%2Fb%2fc%3F%23',
  '/a;b=c;d/e',
  '/./a/../b/.../..a/a..',
  '/%2e%2E/a',
  '/DOMAIN%5Cuser/a\\b',
  '/%C3%A9/%E9/%c0%af',
  '/100%/%zz/%u002e',
  '/a%00b%0d%0a',
  '/{a}/"b"/<c>/^/`/[d]|e',
  "/~a/$b&c=d@e:f!g'(h)*+,",
])('keeps %j as it was sent', (path) => {
  expect(canonicalPath(path)).toBe(path);
});
