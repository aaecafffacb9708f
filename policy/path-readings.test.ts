// Path disagreement: nearly every bypass of this class of product came from two readings of one path
// (Oathkeeper GHSA-p224-6x5r-fjpm, Envoy CVE-2019-9901 and CVE-2021-32779, oauth2-proxy CVE-2026-41059, Pomerium CVE-2023-33189).
import { describe, expect, test } from '@jest/globals';
import { expectLinear, oddTexts } from '../test/support/linear.ts';
import { pathReadings } from './path-readings.ts';
import { disguises } from './testing/disguises.ts';

/** Characters by their number, bytes that no UTF-8 has, what is left out of a name and what is narrowed in it. */
const FURTHER = [
  ...['/%uff41dmin', '/%25uFF41dmin', '/x%uff0f..%u2215admin', '/x/%uff0e%uff0e%u2216admin', '/x/%u2025/admin'],
  ...['/ad%09min', '/x/.%0d%0a./admin', '/adm%00in', '/ad%7fmin', '/ad%e2%80%8bmin', '/ad%admin'],
  ...['/x/..%c0%2fadmin', '/x/%c0%2e%c0%2e/admin', '/%f8%80%80%81%a1dmin', '/%fc%80%80%80%81%a1dmin'],
  ...['/%c3%a1dmin', '/a%cc%81dmin', '/%e1dmin', '/adm%c4%b0n'],
];

describe('some server reads /admin/ in', () => {
  test.each([...disguises('admin'), '/%25%36%31dmin', '/%c1%a1dmin', '/%ef%bd%81dmin', '/adm%c4%b1n', ...FURTHER])('%s', (path) => {
    expect([...pathReadings(path)].some((reading) => reading.startsWith('/admin/'))).toBe(true);
  });
});

test('four layers of encoding are taken off, and no fifth', () => {
  expect(pathReadings('/%25252561dmin')).toContain('/admin/');
  expect(pathReadings('/%2525252561dmin')).not.toContain('/admin/');
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

describe('a path with more readings than anything needs that is meant to be read', () => {
  const everything = '/x/..;/..\\%2e%2e%2f;a=%3b:/%00?/%20./%c0%af';

  test.each([
    ['all at once', everything.repeat(3)],
    ['long, with fewer', `/${'a'.repeat(9000)}${everything}`],
  ])('is refused: %s', (_, path) => {
    expect(() => pathReadings(path)).toThrow(expect.objectContaining({ code: 'ERR_REQUEST_INVALID' }));
  });

  test.each([
    '/proxy/https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc%26d%3D%2525%23x',
    '/web/2026/http://example.com:80/a;b/',
    '/a;b=c/d%2Fe/../f//g.html%20',
    "/odata/Products(Name='a%2Fb%3Bc')/$value",
    '/rest/browse/C%3A%5CUsers%5Cx%5C..%5Cdoc%20.txt',
    '/wiki/Spezial:Suche/%C3%84%3A%20a%3F',
    `/json/${encodeURIComponent(JSON.stringify({ a: 'b/c; d', e: ['..\\f', 'g?'] }).repeat(50))}`,
  ])('is none that applications have: %s', (path) => {
    expect(pathReadings(path).size).toBeLessThan(60);
  });
});

test('reading a path stays linear in what a stranger sends', async () => {
  const pieces = ['.', ' ', '/', '\\', ';', ':', '%', '%2e', '%20', '%2f', '%5c', '%3b', '%25', '%c0', '/..', '\u00e9'];

  await expectLinear(oddTexts(pieces), (text) => pathReadings(`/${text}`));
});
