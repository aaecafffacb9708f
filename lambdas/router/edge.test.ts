// A CDN in front of the ingress: who says that a request comes through it, and what it is then believed.
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { HeaderList } from '../../protocol/frames.ts';
import type { Edge } from '../../tenants/edge.ts';
import type { Application } from '../stores/records.ts';
import { application } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

const SECRET = '5e'.repeat(32);
const CDN = '192.0.2.80';
const USER = '203.0.113.9';
const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const edge: Edge = {
  secretHeader: 'X-Edge-Secret',
  secretDigests: [digestOf('the one before'), digestOf(SECRET)],
  addressHeader: 'CloudFront-Viewer-Address',
  countryHeader: 'CloudFront-Viewer-Country',
  readTimeout: null,
};
const THROUGH = {
  'X-Edge-Secret': [SECRET],
  'CloudFront-Viewer-Address': [`${USER}:46532`],
  'CloudFront-Viewer-Country': ['DE'],
  'X-Forwarded-For': [`10.0.0.1, ${USER}, ${CDN}`],
};

const asked = async (
  condition: Partial<Application['conditions'][number]>,
  headers: Readonly<Record<string, readonly string[]>>,
  changes: Partial<Edge> = {},
  sourceIp = CDN,
) => {
  const rig = createRig({ ...edge, ...changes });
  const conditions = [{ name: 'c', paths: [], methods: [], require: null, refuse: null, ...condition }];
  rig.applications[0] = application({ preAuthentication: 'pass-through', conditions });
  const response = await rig.answer({ headers, sourceIp });
  const sent = rig.received.map(({ frame }) => frame).find((frame) => frame.type === 'request');
  const sources = [...new Set(rig.lines.map(({ address }) => address).filter((address) => address !== undefined))];
  return { status: response.status, sources, told: (sent && 'headers' in sent ? sent.headers : []) as HeaderList };
};
const german = { require: { countries: ['DE'] } };
const atHome = { require: { networks: [`${USER}/32`] } };

describe('a request that comes through the edge', () => {
  test('is of the country and from the address that the edge tells', async () => {
    expect((await asked(german, THROUGH)).status).toBe(200);
    expect((await asked(atHome, THROUGH)).status).toBe(200);
    expect((await asked({ require: { networks: [`${CDN}/32`] } }, THROUGH)).status).toBe(403);
    expect((await asked({ require: { when: 'request.country == "DE"' } }, THROUGH)).status).toBe(200);
  });

  test('reaches the application as if there were no edge: without its fields, and from the user', async () => {
    const { told } = await asked({}, THROUGH);

    expect(told.map(([name]) => name.toLowerCase()).filter((name) => /edge|cloudfront/.test(name))).toEqual([]);
    expect(told).toContainEqual(['X-Forwarded-For', `10.0.0.1, ${USER}`]);
    expect(told).toContainEqual(['Forwarded', expect.stringContaining(`for=${USER};`)]);
  });

  test('is the user’s for logs and limits as well, which take the connection’s address where the edge tells none', async () => {
    expect((await asked({ refuse: {} }, THROUGH)).sources).toEqual([USER]);
    expect((await asked({ refuse: {} }, { ...THROUGH, 'CloudFront-Viewer-Address': [] })).sources).toEqual([CDN]);
    expect((await asked({ refuse: {} }, { ...THROUGH, 'X-Edge-Secret': [] })).sources).toEqual([CDN]);
  });

  test('may prove itself by either of two secrets while they are changed', async () => {
    expect((await asked(german, { ...THROUGH, 'X-Edge-Secret': ['the one before'] })).status).toBe(200);
  });

  test.each([
    ['203.0.113.9:46532', '203.0.113.9/32'],
    ['2001:db8::9:443', '2001:db8::9/128'],
    ['2001:0db8:0000:0000:0000:0000:0000:0009:46532', '2001:db8::9/128'],
  ])('CloudFront’s %s is an address and a port', async (value, network) => {
    const headers = { ...THROUGH, 'CloudFront-Viewer-Address': [value] };

    expect((await asked({ require: { networks: [network] } }, headers)).status).toBe(200);
  });

  test('of another CDN tells an address alone, and keeps its fields from the application as well', async () => {
    const others = { addressHeader: 'CF-Connecting-IP', countryHeader: 'CF-IPCountry' };
    const headers = { 'X-Edge-Secret': [SECRET], 'CF-Connecting-IP': ['2001:db8::9'], 'CF-IPCountry': ['DE'], CF_IPCountry: ['FR'] };

    const { status, told } = await asked({ require: { countries: ['DE'], networks: ['2001:db8::9'] } }, headers, others);

    expect(status).toBe(200);
    expect(told.filter(([name]) => /^cf/i.test(name))).toEqual([]);
  });

  test.each([
    ['no address', { 'CloudFront-Viewer-Address': [] }],
    ['two addresses', { 'CloudFront-Viewer-Address': [`${USER}:1`, '198.51.100.1:1'] }],
    ['what is none', { 'CloudFront-Viewer-Address': ['unknown'] }],
    ['a list of them', { 'CloudFront-Viewer-Address': [`${USER}, 198.51.100.1:1`] }],
  ])('with %s is refused, since nobody says for whom it is', async (_, changes) => {
    expect((await asked({}, { ...THROUGH, ...changes })).status).toBe(400);
  });

  test.each([
    ['none', []],
    ['two', ['DE', 'DE']],
    ['a list', ['DE, FR']],
    ['small letters', ['de']],
    ['one that stands for none', ['XX']],
    ['Tor', ['T1']],
  ])('is of no known country with %s: neither one that is required, nor surely none that is refused', async (_, country) => {
    const headers = { ...THROUGH, 'CloudFront-Viewer-Country': country };

    expect((await asked(german, headers)).status).toBe(403);
    expect((await asked({ refuse: { countries: ['FR', 'XX'] } }, headers)).status).toBe(403);
  });
});

describe('a request that goes past the edge to API Gateway', () => {
  const past: ReadonlyArray<[string, Readonly<Record<string, readonly string[]>>]> = [
    ['no secret', { 'X-Edge-Secret': [] }],
    ['an empty one', { 'X-Edge-Secret': [''] }],
    ['a wrong one', { 'X-Edge-Secret': [SECRET.replace('5', '6')] }],
    ['its digest for the secret', { 'X-Edge-Secret': [digestOf(SECRET)] }],
    ['a wrong one beside the right one', { 'X-Edge-Secret': [SECRET, 'x'] }],
    ['the right one in a list', { 'X-Edge-Secret': [`${SECRET}, ${SECRET}`] }],
    ['the right one under a name that only looks the same', { 'X-Edge-Secret': [], X_Edge_Secret: [SECRET] }],
  ];

  test.each(past)('with %s is believed nothing of what it says', async (_, changes) => {
    const spoofed = { ...THROUGH, ...changes };

    expect((await asked(german, spoofed, {}, '198.51.100.66')).status).toBe(403);
    expect((await asked(atHome, spoofed, {}, '198.51.100.66')).status).toBe(403);
    expect((await asked({ refuse: { countries: ['FR'] } }, spoofed, {}, '198.51.100.66')).status).toBe(403);
  });

  test.each(past)('with %s tells the application nothing under the edge’s names, and its own address', async (_, changes) => {
    const { status, told } = await asked({}, { ...THROUGH, ...changes }, {}, '198.51.100.66');

    expect(status).toBe(200);
    expect(told.map(([name]) => name.toLowerCase()).filter((name) => /edge|cloudfront/.test(name))).toEqual([]);
    expect(told).toContainEqual(['Forwarded', expect.stringContaining('for=198.51.100.66;')]);
  });
});

test('without an edge in the tenant file, nobody tells a country', async () => {
  const rig = createRig();
  rig.applications[0] = application({
    preAuthentication: 'pass-through',
    conditions: [{ name: 'c', paths: [], methods: [], require: { countries: ['DE'] }, refuse: null }],
  });

  expect((await rig.answer({ headers: THROUGH })).status).toBe(403);
});
