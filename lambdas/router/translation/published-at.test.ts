import { expect, test } from '@jest/globals';
import type { ApplicationHere } from '../../stores/records.ts';
import { application, publishedAt } from '../testing/records.ts';
import { createPublishedAt, createServedOn } from './published-at.ts';

const wild = application({ id: 'wild', host: '*.apps.example.com', internalUrl: 'http://*.corp.example:8080/' });
const named = application({ id: 'named', host: 'named.apps.example.com', internalUrl: 'http://elsewhere.corp.example/' });
const many = application({ id: 'many', host: '*.many.example.com', internalUrl: 'http://one.corp.example/' });
const split = application({
  id: 'split',
  segments: [{ host: 'static.apps.example.com', path: '/', internalUrl: 'https://cdn.corp.example/x/' }],
  alternateHost: 'wiki.example.com',
});
const all: ApplicationHere[] = [wild, named, many, split];

const find = createPublishedAt({
  applicationsOn: async (host) => all.filter((known) => known.host === host),
  publishedAt: async (authority) => publishedAt(all, authority),
});

test('an authority is found under its own name, whatever its scheme', async () => {
  expect(await find('elsewhere.corp.example')).toEqual([
    { application: 'named', host: 'named.apps.example.com', path: '/', internalUrl: 'http://elsewhere.corp.example/' },
  ]);
  expect(await find('cdn.corp.example')).toMatchObject([{ application: 'split', host: 'static.apps.example.com' }]);
  expect(await find('wiki.internal:8080')).toMatchObject([{ host: 'wiki.apps.example.com' }]);
});

test('a wildcard is filled with the label, of exactly one', async () => {
  expect(await find('a.corp.example:8080')).toEqual([
    { application: 'wild', host: 'a.apps.example.com', path: '/', internalUrl: 'http://a.corp.example:8080/' },
  ]);
  expect(await find('a.b.corp.example:8080')).toEqual([]);
  expect(await find('corp.example:8080')).toEqual([]);
});

test('a host with an application of its own is not the wildcard’s', async () => {
  expect(await find('named.corp.example:8080')).toEqual([]);
});

test('one internal address that many external hosts stand for has none of its own', async () => {
  expect(await find('one.corp.example')).toEqual([]);
});

test('an external host is served under its own name, or by the wildcard that it fills', async () => {
  const servedOn = createServedOn({ applicationsOn: async (host) => all.filter((known) => known.host === host) });

  expect(await servedOn('named.apps.example.com')).toBe('named');
  expect(await servedOn('any.apps.example.com')).toBe('wild');
  expect(await servedOn('any.other.example.com')).toBeNull();
});
