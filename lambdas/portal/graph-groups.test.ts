// Groups that Entra ID left out of its token, at a played Microsoft Graph: page by page, or not at all.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLog } from '../../protocol/log.ts';
import { profile } from '../identity/testing/profile.ts';
import { withGroups } from './graph-groups.ts';

const CLAIMS = {
  iss: 'https://login.example.com',
  sub: '1',
  _claim_names: { groups: 'src1' },
  _claim_sources: { src1: { endpoint: 'https://evil.example/' } },
};
const group = (id: string) => ({ '@odata.type': '#microsoft.graph.group', id });

let server: Server;
let origin: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: string[];
let lines: string[];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.headers.authorization} ${request.url}`);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
});
beforeEach(() => {
  asked = [];
  lines = [];
});

const json =
  (value: unknown, status = 200) =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
const complete = (claims: object, groupsFrom: 'claims' | 'graph' = 'graph', graphDeadlineMs?: number) =>
  withGroups({ ...claims }, { serverMetadata: () => ({ userinfo_endpoint: `${origin}/oidc/userinfo` }) } as never, 'token', {
    profile: profile(),
    groupsFrom,
    log: createLog({ write: (line) => lines.push(line), now: () => 0 }),
    graphDeadlineMs,
  });

describe('groups that are elsewhere', () => {
  test('are asked for page by page with the user’s token; what is no group is left out', async () => {
    const pages = [
      { value: [group('g1'), { '@odata.type': '#microsoft.graph.directoryRole', id: 'admin' }], '@odata.nextLink': `${origin}/v1.0/next` },
      { value: [group('g2')] },
    ];
    answer = (request, response) => json(pages.shift())(request, response);

    const claims = await complete(CLAIMS);

    expect(claims).toMatchObject({ sub: '1', groups: ['g1', 'g2'] });
    expect(claims).not.toHaveProperty('_claim_names');
    expect(asked).toEqual(['Bearer token /v1.0/me/transitiveMemberOf?$select=id&$top=999', 'Bearer token /v1.0/next']);
  });

  test('are asked for where the token says only that there are some', async () => {
    answer = json({ value: [group('g1')] });

    expect(await complete({ sub: '1', hasgroups: true })).toEqual({ sub: '1', groups: ['g1'] });
  });

  test.each<[string, () => typeof answer]>([
    ['refuses', () => json({ error: { code: 'Authorization_RequestDenied' } }, 403)],
    ['answers something else', () => json({ value: 'g1' })],
    ['breaks off', () => (request) => void request.socket.destroy()],
    ['leads elsewhere', () => (_, response) => void response.writeHead(302, { location: 'https://evil.example/' }).end()],
    ['has its next page elsewhere', () => json({ value: [group('g1')], '@odata.nextLink': 'https://evil.example/v1.0/next' })],
    ['names a group without an id', () => json({ value: [{ ...group('g1'), id: 7 }] })],
    ['names too many', () => json({ value: Array.from({ length: 5_001 }, (_, index) => group(`g${index}`)) })],
    ['never ends', () => json({ value: Array.from({ length: 999 }, () => group('g')), '@odata.nextLink': `${origin}/again` })],
  ])('stay unknown, all of them, when Graph %s', async (_, make) => {
    answer = make();

    expect(await complete(CLAIMS)).toEqual(CLAIMS);
    expect(lines.join()).toContain('sign-in.no-groups-from-graph');
    expect(lines.join()).not.toContain('Bearer');
  });

  test('stay unknown when Graph does not answer in time', async () => {
    answer = () => undefined;

    expect(await complete(CLAIMS, 'graph', 50)).toEqual(CLAIMS);
    expect(asked).toHaveLength(1);
  });
});

test.each<[string, object, 'claims' | 'graph']>([
  ['that the token has', { sub: '1', groups: ['g1'] }, 'graph'],
  ['of a user who has none', { sub: '1' }, 'graph'],
  ['that the tenant file does not want from there', CLAIMS, 'claims'],
])('groups %s are not asked for', async (_, claims, groupsFrom) => {
  expect(await complete(claims, groupsFrom)).toEqual(claims);
  expect(asked).toEqual([]);
});
