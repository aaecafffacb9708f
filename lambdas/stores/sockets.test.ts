import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type EmulatedTables, startEmulatedTables } from './emulated-table.ts';
import { createOpenSockets, type OpenSocket, type OpenSockets } from './sockets.ts';
import { createTable } from './table.ts';

let tables: EmulatedTables;
let sockets: OpenSockets;

beforeAll(async () => {
  tables = await startEmulatedTables();
  sockets = createOpenSockets({ table: createTable(tables.client, await tables.create()), now: () => 0 });
});
afterAll(() => tables.close());

const socket = (changes: Partial<OpenSocket> = {}): OpenSocket => ({
  ...{ exchange: 'e1', application: 'chat', session: 's1', parent: 'p1', token: null, connectionId: 'c1', link: 0 },
  ...changes,
});
const ids = (found: readonly OpenSocket[]) => found.map(({ exchange }) => exchange).sort();

test('a ticket is taken once', async () => {
  expect([await sockets.takeTicket('t1', 1000), await sockets.takeTicket('t1', 1000)]).toEqual([true, false]);
});

test('a connection that has ended is forgotten; one that came after it stays', async () => {
  await sockets.save(socket());
  await sockets.remove(socket());
  expect([await sockets.take('p1', null), await sockets.takeAt('chat')]).toEqual([[], []]);

  await sockets.save(socket({ link: 1, connectionId: 'c2' }));
  await sockets.remove(socket());
  expect(await sockets.take('p1', null)).toEqual([socket({ link: 1, connectionId: 'c2' })]);
});

test('those of one application session end alone, those of a portal session all', async () => {
  await sockets.save(socket({ exchange: 'e1', session: 's1' }));
  await sockets.save(socket({ exchange: 'e2', session: 's2' }));
  await sockets.save(socket({ exchange: 'e3', session: 's3', parent: 'p2' }));

  expect((await sockets.take('p1', 's1')).map(({ exchange }) => exchange)).toEqual(['e1']);
  expect((await sockets.take('p1', null)).map(({ exchange }) => exchange)).toEqual(['e2']);
  expect((await sockets.take('p2', null)).map(({ exchange }) => exchange)).toEqual(['e3']);
});

test('those that lead to an application end with it, whosever they are; those of a token alone', async () => {
  const nobodys = { session: null, parent: null };
  const opened = [
    socket({ exchange: 'a1', application: 'talk' }),
    socket({ exchange: 'a2', application: 'talk', ...nobodys }),
    socket({ exchange: 'a3', application: 'talk', ...nobodys, token: 't1' }),
    socket({ exchange: 'a4', application: 'talk', ...nobodys, token: 't2' }),
    socket({ exchange: 'a5', application: 'talk-2' }),
  ];
  for (const one of opened) await sockets.save(one);

  expect(ids(await sockets.takeAt('talk', 't1'))).toEqual(['a3']);
  expect(ids(await sockets.takeAt('talk'))).toEqual(['a1', 'a2', 'a4']);
  expect(ids(await sockets.takeAt('talk'))).toEqual([]);
  expect(ids(await sockets.takeAt('talk-2'))).toEqual(['a5']);
});
