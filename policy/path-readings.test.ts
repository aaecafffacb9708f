// Path disagreement: nearly every bypass of this class of product came from two readings of one path
// (Oathkeeper GHSA-p224-6x5r-fjpm, Envoy CVE-2019-9901 and CVE-2021-32779, oauth2-proxy CVE-2026-41059, Pomerium CVE-2023-33189).
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { expectLinear, oddTexts } from '../test/support/linear.ts';
import { pathReadings } from './path-readings.ts';

describe('some server reads /admin/ in', () => {
  test.each([
    '/admin',
    '/ADMIN/',
    '//admin',
    '/%61dmin',
    '/%2561dmin',
    '/%25%36%31dmin',
    '/%2Fadmin',
    '/x/../admin',
    '/./admin',
    '/%2e/admin',
    '/x/%2e%2E/admin',
    '/x/.%2e/admin',
    '/x%2f..%2fadmin',
    '/x/..%2fadmin',
    '/x%252f%252e%252e%252fadmin',
    '/x//../../admin',
    '/x/..;/admin',
    '/x/..;y=1/admin',
    '/x/..%3b/admin',
    '/admin;y',
    '/admin%3Fy',
    '/admin%23y',
    '/admin%00y',
    '/admin.',
    '/admin%20',
    '/admin::$INDEX_ALLOCATION',
    '/x/..%20/admin',
    '/x\\..\\admin',
    '/x%5c..%5Cadmin',
    '/\\admin',
    '/%c0%ae/admin',
    '/x/%c0%ae%c0%ae%c0%afadmin',
    '/x/%e0%80%ae%e0%80%ae/admin',
    '/%c1%a1dmin',
    '/x/%u002e%u002e/admin',
    '/%ef%bd%81dmin',
    '/x/%ef%bc%8e%ef%bc%8e/admin',
  ])('%s', (path) => {
    expect(pathReadings(path)).toContain('/admin/');
  });
});

test.each([
  ['/', ['/']],
  ['/a/b', ['/a/b/']],
  ['/A/b.html', ['/a/b.html/']],
  ['/a/b/', ['/a/b/']],
  ["/~a/$b&c=d@f!g'(h)*+,", ["/~a/$b&c=d@f!g'(h)*+,/"]],
])('%s is read alike by everyone', (path, readings) => {
  expect([...pathReadings(path)]).toEqual(readings);
});

test.each(['/administration', '/x/admin', '/adm', '/x/%2e%2e%2fadm'])('nobody reads /admin/ in %s', (path) => {
  expect([...pathReadings(path)].some((reading) => reading.startsWith('/admin/'))).toBe(false);
});

test('every reading is a path in lower case with single slashes, and one resolves dot segments', () => {
  const piece = fc.constantFrom(
    ...[
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
      '%',
      '%00',
      '%c0%af',
      ':',
      '%20',
      '%3f',
      '\u00e9',
      '%ef%bc%8f',
    ],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const readings = [...pathReadings(`/${pieces.join('')}`)];

      for (const reading of readings) {
        expect(reading).toMatch(/^\/(?:.*\/)?$/s);
        expect(reading).not.toContain('//');
        expect(reading).toBe(reading.toLowerCase());
      }
      expect(readings.some((reading) => !/\/\.\.?\//.test(reading))).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

test('reading a path stays linear in what a stranger sends', () => {
  const pieces = ['.', ' ', '/', '\\', ';', ':', '%', '%2e', '%20', '%2f', '%5c', '%3b', '%25', '%c0'];

  expectLinear(
    oddTexts(pieces).map((text) => `/${text}`),
    pathReadings,
  );
});
