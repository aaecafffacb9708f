import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SallyportError } from '../../protocol/errors.ts';
import { ATTEMPT_LIMITS, ATTEMPT_WINDOW_MS } from '../../protocol/limits.ts';
import { createLog } from '../../protocol/log.ts';
import { createAttempts } from '../stores/attempts.ts';
import { type EmulatedTables, startEmulatedTables } from '../stores/emulated-table.ts';
import { createTable, type Table } from '../stores/table.ts';
import { createSourceLimits } from './source-limits.ts';
import { type Counters, createCounters } from './testing/counters.ts';

const INVALID = new SallyportError('ERR_TOKEN_INVALID');
const attempt = { address: '192.0.2.7', method: 'GET', path: '/' };

let counters: Counters;
let clock: number;
let lines: Array<Record<string, unknown>>;

beforeEach(() => {
  counters = createCounters();
  clock = 1_700_000_000_000;
  lines = [];
});

const log = createLog({ write: (line) => void lines.push(JSON.parse(line)) });
/** Of an environment of its own, that remembers nothing of others. */
const environment = () => createSourceLimits({ count: counters.count, now: () => clock });
const refused = async (limits = environment(), address = attempt.address) =>
  (await limits.refused(INVALID, 'token', { ...attempt, address }, log)).code;

describe('a source', () => {
  test('is told what was wrong up to the limit, and to wait beyond it, until the window ends', async () => {
    counters.beginAt = ATTEMPT_LIMITS.token - 1;

    expect([await refused(), await refused()]).toEqual(['ERR_TOKEN_INVALID', 'ERR_RATE_LIMITED']);
    counters.beginAt = 0;
    clock += ATTEMPT_WINDOW_MS;

    expect(await refused()).toBe('ERR_TOKEN_INVALID');
  });

  test('is its own: neither another address nor another kind of attempt is counted with it', async () => {
    counters.beginAt = ATTEMPT_LIMITS.token - 1;

    await refused();

    expect(await refused(environment(), '192.0.2.8')).toBe('ERR_TOKEN_INVALID');
    await expect(environment().attempt('sign-in', attempt, log)).resolves.toBeUndefined();
  });

  test('of IPv6 is a /64, whatever address in it asks', async () => {
    counters.beginAt = ATTEMPT_LIMITS.token - 1;

    await refused(environment(), '2001:db8::1');

    expect(await refused(environment(), '2001:db8::ffff:2')).toBe('ERR_RATE_LIMITED');
    expect(await refused(environment(), '2001:db8:0:1::1')).toBe('ERR_TOKEN_INVALID');
  });

  test('beyond the limit is one event of the audit in a window, whichever environments it comes to', async () => {
    counters.beginAt = ATTEMPT_LIMITS.token - 1;
    const [one, other] = [environment(), environment()];

    for (const limits of [one, other, one, other]) await refused(limits);

    expect(lines.map(({ event, audit }) => [event, audit])).toEqual([['limit.reached', 'limit']]);
  });

  test('beyond the limit is counted no further by an environment that knows', async () => {
    counters.beginAt = ATTEMPT_LIMITS.token;
    const limits = environment();

    for (let n = 0; n < 5; n += 1) await refused(limits);

    expect([...counters.counted.values()]).toEqual([ATTEMPT_LIMITS.token + 1]);
  });
});

test('an attempt beyond the limit is refused with the code that says to wait', async () => {
  counters.beginAt = ATTEMPT_LIMITS['sign-in'];

  await expect(environment().attempt('sign-in', attempt, log)).rejects.toMatchObject({ code: 'ERR_RATE_LIMITED' });
});

test('a refusal of another kind is neither counted nor changed', async () => {
  const error = new SallyportError('ERR_ACCESS_DENIED');

  expect(await environment().refused(error, undefined, attempt, log)).toBe(error);
  expect(counters.counted.size).toBe(0);
});

test('a store that is down lets attempts pass, and refusals stay what they are', async () => {
  counters.failing = new SallyportError('ERR_STORE_UNAVAILABLE');

  await expect(environment().attempt('sign-in', attempt, log)).resolves.toBeUndefined();
  expect(await refused()).toBe('ERR_TOKEN_INVALID');
  expect(lines.map(({ event }) => event)).toEqual(['limit.not-counted', 'limit.not-counted']);
});

describe('counters in DynamoDB', () => {
  let tables: EmulatedTables;
  let table: Table;

  beforeAll(async () => {
    tables = await startEmulatedTables();
    table = createTable(tables.client, await tables.create());
  });
  afterAll(() => tables.close());

  test('count each attempt once, of those that come at one moment too, and end with their window', async () => {
    const count = createAttempts({ table });

    const counts = await Promise.all(Array.from({ length: 5 }, () => count('token#192.0.2.7#1', 300_000)));

    expect(counts.sort()).toEqual([1, 2, 3, 4, 5]);
    expect(await count('token#192.0.2.7#2', 600_000)).toBe(1);
    expect(await table.get({ pk: 'limit#token#192.0.2.7#1', sk: '-' })).toMatchObject({ count: 5, expiresAtSeconds: 300 });
  });
});
