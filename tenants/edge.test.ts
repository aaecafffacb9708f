import { expect, test } from '@jest/globals';
import { parseTenant } from './schema.ts';
import { faultsIn, least, wiki } from './testing/tenant-file.ts';

const digest = 'f4bf9f7fcbedaba0392f108c59d8f4a38b3838efb64877380171b54475c2ade8';
const edge = { secretHeader: 'X-Edge-Secret', secretDigests: [digest], addressHeader: 'CF-Connecting-IP' };

test('an edge need not tell the country', () => {
  expect(parseTenant({ ...least, edge }, 'x').edge).toEqual({ ...edge, countryHeader: null, readTimeout: null });
});

test('what a CDN does not wait for is refused, and the defaults are no longer than it waits', () => {
  const read = (application: object) => {
    const { timeoutMs, idleTimeoutMs } = parseTenant(
      { ...least, edge: { ...edge, readTimeout: 60 }, applications: [{ ...wiki, ...application }] },
      'x',
    ).applications[0]!;
    return [timeoutMs, idleTimeoutMs];
  };
  const refused = (application: object) =>
    faultsIn({ ...least, edge: { ...edge, readTimeout: 60 }, applications: [{ ...wiki, ...application }] });

  expect(read({})).toEqual([60_000, 60_000]);
  expect(read({ timeout: 'default', idleTimeout: 60 })).toEqual([60_000, 60_000]);
  expect(read({ timeout: 20, idleTimeout: 30 })).toEqual([20_000, 30_000]);
  expect(refused({ timeout: 61, idleTimeout: 61 }).map(({ path, expected }) => [path, expected])).toEqual([
    ['applications[0].timeout', '"default" (60 s) or whole seconds up to 60 (edge.readTimeout)'],
    ['applications[0].idleTimeout', 'whole seconds up to 60 (edge.readTimeout)'],
  ]);
  expect(refused({ timeout: 'long' }).map(({ path }) => path)).toEqual(['applications[0].timeout']);
});

test.each([
  ['countries', { require: { countries: ['DE'] } }],
  ['request.country', { refuse: { when: 'request.country == "DE"' } }],
])('a condition that asks for %s needs an edge that tells it', (_, condition) => {
  const applications = [{ ...wiki, conditions: [{ name: 'c', ...condition }] }];

  expect(faultsIn({ ...least, applications }).map(({ path }) => path)).toEqual(['applications[0].conditions[0]']);
  expect(faultsIn({ ...least, applications, edge }).map(({ path }) => path)).toEqual(['applications[0].conditions[0]']);
  expect(faultsIn({ ...least, applications, edge: { ...edge, countryHeader: 'CF-IPCountry' } })).toEqual([]);
});

test.each([
  ['edge.secretHeader', { secretHeader: 'Cookie' }],
  ['edge.secretHeader', { secretHeader: 'X Edge' }],
  ['edge.secretDigests', { secretDigests: [] }],
  ['edge.secretDigests', { secretDigests: ['the secret itself'] }],
  ['edge.secretDigests', { secretDigests: [digest, digest, digest] }],
  ['edge.addressHeader', { addressHeader: 'X-Forwarded-For' }],
  ['edge.addressHeader', { addressHeader: undefined }],
  ['edge', { countryHeader: 'CF_Connecting_IP' }],
  ['edge.readTimeout', { readTimeout: 0 }],
  ['edge.readTimeout', { readTimeout: 841 }],
  ['edge.readTimeout', { readTimeout: '30s' }],
])('a faulty %s is refused: %j', (path, changes) => {
  expect(faultsIn({ ...least, edge: { ...edge, ...changes } }).map((fault) => fault.path)).toEqual([path]);
});
