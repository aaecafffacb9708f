import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createDirectory } from './directory.ts';
import { type EmulatedTables, startEmulatedTables } from './emulated-table.ts';
import { endingAt, endingSockets, endingWith } from './ending-sockets.ts';
import type { Session } from './records.ts';
import { createServiceTokens } from './service-tokens.ts';
import { createSessions } from './sessions.ts';
import { createOpenSockets, type OpenSocket, type OpenSockets } from './sockets.ts';
import { createTable } from './table.ts';
import { application } from './testing/application.ts';

const user = { issuer: 'i', subject: 's', username: 'alice', name: '', email: '', groups: ['staff'], claims: {}, amr: [] };
const portal: Session = {
  ...{ id: 'p1', parent: 'p1', host: null, user, createdAt: 0, expiresAt: 1_000 },
  mfa: false,
  authenticatedAt: null,
};
const chat = application({ id: 'chat', host: 'chat.apps.example.com' });
const wiki = application();

let tables: EmulatedTables;
let sockets: OpenSockets;
let closed: string[];
const close = async (connectionId: string) => {
  closed.push(connectionId);
  if (connectionId === 'failing') throw new Error('throttled');
};

beforeAll(async () => {
  tables = await startEmulatedTables();
});
afterAll(() => tables.close());
beforeEach(async () => {
  closed = [];
  sockets = createOpenSockets({ table: createTable(tables.client, await tables.create()), now: () => 0 });
});

const open = (connectionId: string, changes: Partial<OpenSocket> = {}) =>
  sockets.save({
    ...{ exchange: connectionId, application: 'chat', session: null, parent: null, token: null, connectionId, link: 0 },
    ...changes,
  });

test('an application that changes, or goes, ends the connections to it, and to no other', async () => {
  const directory = createDirectory({ table: createTable(tables.client, await tables.create()), superseded: endingAt(sockets, close) });
  await open('early');
  await directory.replace([chat, wiki]);
  // What is new there has no connections, and what did not change keeps them.
  expect(closed).toEqual([]);
  await open('failing');
  await open('another', { application: 'wiki' });
  await directory.replace([chat, wiki]);
  expect(closed).toEqual([]);

  await directory.replace([{ ...chat, access: { users: ['bob'], groups: [] } }, wiki]);
  expect(closed.sort()).toEqual(['early', 'failing']);

  await directory.replace([{ ...chat, access: { users: ['bob'], groups: [] } }]);
  expect(closed.sort()).toEqual(['another', 'early', 'failing']);
});

test('a service token that is revoked ends the connections that were opened with it', async () => {
  const table = createTable(tables.client, await tables.create());
  const tokens = createServiceTokens({ table, now: () => 0, revoked: endingWith(sockets, close) });
  const token = { id: 't1', name: 'robot', applications: ['chat', 'wiki'], createdAt: 0, expiresAt: 1_000, createdBy: 'arn' };
  await tokens.create(token);
  await tokens.create({ ...token, id: 't2', name: 'other' });
  await open('one', { token: 't1' });
  await open('two', { token: 't1', application: 'wiki' });
  await open('others', { token: 't2' });
  await open('users', { session: 's1', parent: 'p1' });

  await tokens.revoke('robot');

  expect(closed.sort()).toEqual(['one', 'two']);
});

test('a user who is another one at the refresh is decided on anew; one who is the same is left alone', async () => {
  const table = createTable(tables.client, await tables.create());
  const sessions = endingSockets(createSessions({ table, now: () => 0 }), sockets, close);
  await sessions.create(portal);
  await open('one', { session: 's1', parent: 'p1' });
  await open('others', { session: 's2', parent: 'p2' });

  await sessions.refresh(portal, { ...user }, 500);
  expect(closed).toEqual([]);
  await sessions.refresh(portal, { ...user, groups: [] }, 600);

  expect(closed).toEqual(['one']);
});
