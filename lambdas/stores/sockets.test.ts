import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type EmulatedTables, startEmulatedTables } from './emulated-table.ts';
import { createOpenSockets, type OpenSockets } from './sockets.ts';
import { createTable } from './table.ts';

let tables: EmulatedTables;
let sockets: OpenSockets;

beforeAll(async () => {
  tables = await startEmulatedTables();
  sockets = createOpenSockets({ table: createTable(tables.client, await tables.create()), now: () => 0 });
});
afterAll(() => tables.close());

const socket = (changes = {}) => ({ exchange: 'e1', session: 's1', parent: 'p1', connectionId: 'c1', link: 0, ...changes });

test('a ticket is taken once', async () => {
  expect([await sockets.takeTicket('t1', 1000), await sockets.takeTicket('t1', 1000)]).toEqual([true, false]);
});

test('a connection that has ended is forgotten; one that came after it stays', async () => {
  await sockets.save(socket());
  await sockets.remove({ exchange: 'e1', parent: 'p1', link: 0 });
  expect(await sockets.take('p1', null)).toEqual([]);

  await sockets.save(socket({ link: 1, connectionId: 'c2' }));
  await sockets.remove({ exchange: 'e1', parent: 'p1', link: 0 });
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
