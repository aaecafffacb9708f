import { expect, test } from '@jest/globals';
import { parseTenant } from './schema.ts';
import { faultsIn, least, wiki } from './testing/tenant-file.ts';

const digest = 'f4bf9f7fcbedaba0392f108c59d8f4a38b3838efb64877380171b54475c2ade8';
const edge = { secretHeader: 'X-Edge-Secret', secretDigests: [digest], addressHeader: 'CF-Connecting-IP' };

test('an edge need not tell the country', () => {
  expect(parseTenant({ ...least, edge }, 'x').edge).toEqual({ ...edge, countryHeader: null });
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
])('a faulty %s is refused: %j', (path, changes) => {
  expect(faultsIn({ ...least, edge: { ...edge, ...changes } }).map((fault) => fault.path)).toEqual([path]);
});
