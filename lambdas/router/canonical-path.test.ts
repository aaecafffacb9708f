// Path disagreement: nearly every bypass of this class of product came from two readings of one path
// (Oathkeeper GHSA-p224-6x5r-fjpm, Envoy CVE-2019-9901 and CVE-2021-32779, oauth2-proxy CVE-2026-41059, Pomerium CVE-2023-33189).
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalPath, laxPath } from './canonical-path.ts';

describe('refuses what some server reads as another path', () => {
  test.each([
    '/..',
    '/../admin',
    '/a/../admin',
    '/a/./b',
    '/%2e%2e/admin',
    '/%2E./admin',
    '/a/.%2e/admin',
    '/a%2f..%2fadmin',
    '/a/..%2fadmin',
    '/a%252f%252e%252e%252fadmin',
    '/%25%32%65%25%32%65/admin',
    '/..;/manager/html',
    '/a/..;x=1/admin',
    '/a/..%3b/admin',
    '/a/..%20/admin',
    '/a\\..\\admin',
    '/a%5cadmin',
    '/a%5C..%5Cadmin',
    '/public#/admin',
    '/public?x=/admin',
    '/%c0%ae%c0%ae/admin',
    '/a%c0%afadmin',
    '/%e0%80%ae/admin',
    '/a%00.png',
    '/a%0d%0aHost:%20evil',
    '/a%7f',
    '/a b',
    '/a\tb',
    '/a\r\nHost: evil',
    '/caf\u00e9',
    '/%zz',
    '/%2',
    '/%',
    '',
    'admin',
    'http://evil.example/',
  ])('%j', (path) => {
    expect(() => canonicalPath(path)).toThrow(expect.objectContaining({ code: 'ERR_REQUEST_INVALID' }));
  });
});

describe('keeps what has one reading', () => {
  test.each([
    '/',
    '/a/b',
    '/a%2Fb',
    '/a%2fb',
    '//a//b',
    '/a;b=c/d',
    '/...',
    '/.well-known/x',
    '/..a',
    '/a..',
    '/%C3%A9',
    '/%E9',
    '/a%20b',
    '/100%25',
    '/~a/$b&c=d@e:f!g',
  ])('%j', (path) => {
    expect(canonicalPath(path)).toBe(path);
  });

  test('encodes what a URI cannot hold and browsers send all the same', () => {
    const path = canonicalPath('/{a}/"b"/<c>/^/`');

    expect(path).toBe('/%7Ba%7D/%22b%22/%3Cc%3E/%5E/%60');
  });
});

describe('whatever is accepted', () => {
  const piece = fc.constantFrom(
    'a',
    'B',
    '.',
    '..',
    '/',
    '//',
    '%2e',
    '%2F',
    '%5c',
    '%25',
    '\\',
    ';',
    '#',
    '?',
    '%',
    '%00',
    '%c0%af',
    '~',
    '|',
    '[',
    '^',
    '{',
    "'",
    ' ',
    '\u00e9',
    '%e9',
  );
  const accepted = (path: string): string | null => {
    try {
      return canonicalPath(path);
    } catch {
      return null;
    }
  };

  test('is a fixed point of URL parsing, so no later reader sees anything else', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const path = accepted(`/${pieces.join('')}`);

        if (path !== null) expect(new URL(`http://origin.internal${path}`).href).toBe(`http://origin.internal${path}`);
      }),
      { numRuns: 3_000 },
    );
  });

  test('is a fixed point of itself, and has no dot segment for the laxest reader', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const path = accepted(`/${pieces.join('')}`);

        if (path === null) return;
        expect(canonicalPath(path)).toBe(path);
        expect(laxPath(path).split('/')).not.toContain('..');
        expect(laxPath(path).split('/')).not.toContain('.');
      }),
      { numRuns: 3_000 },
    );
  });
});
