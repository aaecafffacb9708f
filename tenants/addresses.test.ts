// External and internal URLs of a tenant file.
import { expect, test } from '@jest/globals';
import { application, faultsIn, faultsOf, least, wiki } from './testing/tenant-file.ts';

test('two applications may not have one external URL, in whatever spelling', () => {
  const second = { ...wiki, id: 'second', externalUrl: 'https://WIKI.apps.example.com' };

  const faults = faultsIn({ ...least, applications: [wiki, second] });

  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatchObject({
    path: 'applications[1].externalUrl',
    got: 'https://wiki.apps.example.com/, as applications[0].externalUrl has',
  });
});

test.each([
  ['a name of another domain', 'https://wiki.example.com/'],
  ['the bare apps domain', 'https://apps.example.com/'],
  ['two labels, which the certificate does not cover', 'https://a.b.apps.example.com/'],
  ['plain HTTP', 'http://wiki.apps.example.com/'],
  ['a port', 'https://wiki.apps.example.com:8443/'],
  ['a query', 'https://wiki.apps.example.com/?a=1'],
  ['a fragment', 'https://wiki.apps.example.com/#a'],
  ['credentials', 'https://u:p@wiki.apps.example.com/'],
  ['dot segments', 'https://wiki.apps.example.com/a/../b/'],
  ['an escaped slash', 'https://wiki.apps.example.com/a%2Fb/'],
  ['an empty segment', 'https://wiki.apps.example.com//a/'],
  ['our own paths', 'https://wiki.apps.example.com/.sallyport/'],
  ['a wildcard that is not the whole label', 'https://w*.apps.example.com/'],
  ['no text', 7],
])('external URL: %s', (_case, externalUrl) => {
  expect(faultsOf({ externalUrl }).map(({ path }) => path)).toEqual(['applications[0].externalUrl']);
});

test.each([
  ['no URL', 'wiki.corp'],
  ['another scheme', 'ftp://wiki.corp/'],
  ['credentials', 'http://u:p@wiki.corp/'],
  ['a query', 'http://wiki.corp/?a'],
  ['a fragment', 'http://wiki.corp/#a'],
  ['an address', 'http://10.0.0.1/'],
  ['the cloud’s metadata address in disguise', 'http://2852039166/'],
  ['an IPv6 address', 'http://[fe80::1]/'],
  ['a wildcard', 'http://*.corp/'],
  ['a backslash', 'http:\\\\wiki.corp\\'],
  ['a line break', 'http://wiki.corp/\n'],
])('internal URL: %s', (_case, internalUrl) => {
  expect(faultsOf({ internalUrl }).map(({ path }) => path)).toEqual(['applications[0].internalUrl']);
});

test.each([
  'https://wiki.apps.example.com/manifest.json',
  'https://wiki.apps.example.com/a/sw.js',
  'https://WIKI.apps.example.com/A.WebManifest',
])('external URL: %s is a file, where a folder is meant', (externalUrl) => {
  const faults = faultsOf({ externalUrl });

  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatchObject({ path: 'applications[0].externalUrl', expected: 'the URL of a folder, which ends with /' });
  expect(application({ externalUrl: `${externalUrl}/` })).toMatchObject({ path: new URL(`${externalUrl}/`).pathname });
  expect(application({ externalUrl: 'https://wiki.apps.example.com/v1.2' })).toMatchObject({ path: '/v1.2/' });
});

test('an internal URL and those of segments are folders, too', () => {
  const segments = [{ externalUrl: 'https://static.apps.example.com/a.css', internalUrl: 'http://cdn.corp/b.css' }];

  expect(faultsOf({ internalUrl: 'http://wiki.corp/index.html', segments }).map(({ path }) => path)).toEqual([
    'applications[0].internalUrl',
    'applications[0].segments[0].externalUrl',
    'applications[0].segments[0].internalUrl',
  ]);
});

test.each([
  ['http://wiki', 'http://wiki/'],
  ['https://Wiki.Corp:8443/a', 'https://wiki.corp:8443/a/'],
  ['http://127.0.0.1:3000/', 'http://127.0.0.1:3000/'],
  ['http://[::1]:3000/', 'http://[::1]:3000/'],
])('internal URL %s is taken as %s', (internalUrl, expected) => {
  expect(application({ internalUrl }).internalUrl).toBe(expected);
});

test.each(['/start', '//evil.example', 'a\\b', '../up', 'a/../b', 'a#b', 'ä'])('home path %p', (homePath) => {
  expect(faultsOf({ homePath }).map(({ path }) => path)).toEqual(['applications[0].homePath']);
});
