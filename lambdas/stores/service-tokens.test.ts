// A service token is found by the whole of its id, until it ends.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type EmulatedTables, startEmulatedTables } from './emulated-table.ts';
import type { ServiceToken, ServiceTokens } from './records.ts';
import { createServiceTokens } from './service-tokens.ts';
import { createTable } from './table.ts';

const START = 1_700_000_000_000;
const token: ServiceToken = {
  id: 'd'.repeat(43),
  name: 'backup',
  applications: ['wiki'],
  createdAt: START,
  expiresAt: START + 1000,
  createdBy: 'arn:aws:iam::1:user/admin',
};

let emulated: EmulatedTables;
let clock: number;
let tokens: ServiceTokens;

beforeAll(async () => {
  emulated = await startEmulatedTables();
});
afterAll(() => emulated.close());
beforeEach(async () => {
  clock = START;
  tokens = createServiceTokens({ table: createTable(emulated.client, await emulated.create()), now: () => clock });
  await tokens.create(token);
});

test('is found by its whole id: its beginning is nobody’s', async () => {
  const others = ['d', 'd'.repeat(42), `${token.id}d`, 'e'.repeat(43)];

  expect(await tokens.find(token.id)).toEqual(token);
  expect(await Promise.all(others.map(tokens.find))).toEqual([null, null, null, null]);
});

test('is there until it ends, and not in that moment', async () => {
  clock = token.expiresAt - 1;
  expect([await tokens.find(token.id), await tokens.all()]).toEqual([token, [token]]);

  clock = token.expiresAt;
  expect([await tokens.find(token.id), await tokens.all()]).toEqual([null, []]);
  await expect(tokens.revoke(token.name)).rejects.toMatchObject({ code: 'ERR_CONTROL_UNKNOWN' });
});

test('is gone once it is revoked, and those of other names are not', async () => {
  const other = { ...token, id: 'o'.repeat(43), name: 'other' };
  await tokens.create(other);

  await tokens.revoke(token.name);

  expect([await tokens.find(token.id), await tokens.find(other.id)]).toEqual([null, other]);
});
