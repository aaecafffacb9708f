import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type EmulatedTables, startEmulatedTables } from './emulated-table.ts';
import type { SamlSession, Session, SessionHandle, Sessions, SignInCode, SignOutChain } from './records.ts';
import { createSessions } from './sessions.ts';
import { createTable, type Table } from './table.ts';

const START = 1_700_000_000_000;
const HOUR = 3_600_000;
const user = {
  issuer: 'https://id.example.com',
  subject: '7',
  username: 'alice',
  name: 'Alice',
  email: '',
  groups: ['staff'],
  claims: { office: 'Bern' },
  amr: ['pwd'],
};
const common = { user, createdAt: START, expiresAt: START + HOUR, mfa: true, authenticatedAt: START };
const portal: Session = { ...common, id: 'p1', parent: 'p1', host: null, idToken: 'x.y.z' };
const wiki: Session = { ...common, id: 'w1', parent: 'p1', host: 'wiki.apps.example.com' };
const code: SignInCode = {
  id: 'c1',
  parent: 'p1',
  host: 'wiki.apps.example.com',
  challenge: 'h',
  returnHost: 'shop.apps.example.com',
  returnTo: '/a?b',
  visits: ['orders.apps.example.com'],
  visited: 1,
  expiresAt: START + 60_000,
};

let emulated: EmulatedTables;
let table: Table;
let clock: number;
let sessions: Sessions;

beforeAll(async () => {
  emulated = await startEmulatedTables();
});
afterAll(() => emulated.close());
beforeEach(async () => {
  clock = START;
  table = createTable(emulated.client, await emulated.create());
  sessions = createSessions({ table, now: () => clock });
});

describe('sessions', () => {
  test('tells which application sessions came from one at the portal, and no code, and none that has ended', async () => {
    await sessions.create(portal);
    await sessions.create(wiki);
    await sessions.create({ ...wiki, id: 'w2', host: 'shop.apps.example.com', expiresAt: START + 1 });
    await sessions.createCode(code);
    clock += 2;

    expect(await sessions.openedFrom('p1')).toEqual([wiki]);
    expect(await sessions.openedFrom('w1')).toEqual([]);
  });

  test('are found as they were created', async () => {
    await sessions.create(portal);
    await sessions.create(wiki);

    const found = [await sessions.find('p1'), await sessions.find('w1'), await sessions.find('other')];

    expect(found).toEqual([portal, wiki, null]);
  });

  test('are not found once they have expired, although the table still holds them', async () => {
    await sessions.create(portal);

    clock = START + HOUR;

    expect(await sessions.find('p1')).toBeNull();
    expect(await table.get({ pk: 'session#p1', sk: '-' })).toMatchObject({ expiresAtSeconds: (START + HOUR) / 1000 });
  });

  test('at SAML applications, and sign-outs on their way through them, are there until they end, and not in that moment', async () => {
    const saml: SamlSession = {
      ...{ id: 's1', parent: 'p1', application: 'records', sessionIndex: '_1', nameId: 'alice', nameIdFormat: 'persistent' },
      expiresAt: START + 1000,
    };
    const chain: SignOutChain = { id: 'c1', session: 'p1', left: [saml], onward: 'https://portal.example.com/', expiresAt: START + 1000 };
    await sessions.create(portal);
    await sessions.createAtSaml(saml);
    for (const id of ['c1', 'c2']) await sessions.keepChain({ ...chain, id });

    clock = START + 999;
    expect([await sessions.findAtSaml('s1'), await sessions.takeChain('c1'), await sessions.takeChain('c1')]).toEqual([saml, chain, null]);

    clock = START + 1000;
    expect([await sessions.findAtSaml('s1'), await sessions.takeChain('c2')]).toEqual([null, null]);
  });

  test('end with their parent, and no other’s do', async () => {
    const others: Session = { ...portal, id: 'p2', parent: 'p2' };
    for (const session of [portal, wiki, others]) await sessions.create(session);

    await sessions.revoke('p1');

    expect([await sessions.find('p1'), await sessions.find('w1')]).toEqual([null, null]);
    expect(await table.query('session#w1')).toEqual([]);
    expect(await sessions.find('p2')).toEqual(others);
  });

  test('of an application are worth nothing without their parent, even those that the lagging index missed', async () => {
    await sessions.create(portal);
    await sessions.revoke('p1');

    await sessions.create(wiki);

    expect(await sessions.find('w1')).toBeNull();
  });

  test('are found by user, by the provider’s session, and by host', async () => {
    const other: Session = { ...portal, id: 'p2', parent: 'p2', user: { ...user, subject: '8', username: 'bob' } };
    for (const session of [{ ...portal, providerSession: 's-1' }, wiki, other]) await sessions.create(session);
    const ids = async (handle: SessionHandle) => (await sessions.withHandle(handle)).map(({ id }) => id);

    expect(await ids({ username: 'alice' })).toEqual(['p1']);
    expect(await ids({ issuer: user.issuer, subject: '8' })).toEqual(['p2']);
    expect(await ids({ issuer: user.issuer, providerSession: 's-1' })).toEqual(['p1']);
    expect(await ids({ host: 'wiki.apps.example.com' })).toEqual(['w1']);
    expect(await ids({ username: 'alic' })).toEqual([]);
    expect(await ids({ issuer: 'https://id.example.org', subject: '7' })).toEqual([]);

    await sessions.revoke('w1');
    expect(await ids({ host: 'wiki.apps.example.com' })).toEqual([]);
    expect(await ids({ username: 'alice' })).toEqual(['p1']);
  });

  test('names that hold the separators are no other handle', async () => {
    const odd: Session = { ...portal, user: { ...user, username: 'alice#subject#1#7' } };
    await sessions.create(odd);

    expect(await sessions.withHandle({ username: 'alice' })).toEqual([]);
    expect(await sessions.withHandle({ username: 'alice#subject#1#7' })).toEqual([odd]);
  });

  test('that are malformed are refused and not half-read', async () => {
    const { username, ...nameless } = user;
    await emulated.client.send(
      new PutCommand({ TableName: table.name, Item: { pk: 'session#p1', sk: '-', ...portal, user: { ...nameless, login: username } } }),
    );

    await expect(sessions.find('p1')).rejects.toMatchObject({ code: 'ERR_INTERNAL', message: expect.stringContaining('session#p1') });
  });
});

describe('a session that may lie unused for half an hour', () => {
  const MINUTE = 60_000;
  const idle: Session = { ...portal, idleMs: 30 * MINUTE, usedAt: START };
  beforeEach(async () => {
    for (const session of [idle, wiki]) await sessions.create(session);
  });
  const found = async () => [await sessions.find('p1'), await sessions.find('w1')].map((session) => session !== null);

  test('is over after that, with the sessions that came from it', async () => {
    clock = START + 30 * MINUTE - 1;
    expect(await found()).toEqual([true, true]);

    clock += 1;

    expect(await found()).toEqual([false, false]);
    expect(await sessions.withHandle({ username: 'alice' })).toEqual([]);
  });

  test('goes on as long as one that came from it is used, and ends at its lifetime all the same', async () => {
    for (clock = START; clock < START + HOUR; clock += 20 * MINUTE) {
      const used = await sessions.find('w1');
      await sessions.noteUse(used!);
    }
    expect(await sessions.find('p1')).toBeNull();

    clock -= 1;
    expect(await found()).toEqual([true, true]);
  });

  test('is written to by one of many that use it at once, and not again for a tenth of the time', async () => {
    const writes: string[] = [];
    const counting = createSessions({
      table: { ...table, update: async (...args) => (await table.update(...args)) && writes.push('written') > 0 },
      now: () => clock,
    });
    clock = START + 3 * MINUTE;

    await Promise.all(Array.from({ length: 20 }, () => counting.noteUse(idle)));
    clock += 3 * MINUTE - 1;
    await counting.noteUse(idle);

    expect(writes).toEqual(['written']);
  });

  test('stays over, whatever a caller remembers of it: unused for too long, or revoked', async () => {
    clock = START + 30 * MINUTE;
    await sessions.noteUse(idle);
    expect(await found()).toEqual([false, false]);

    clock = START + 10 * MINUTE;
    await sessions.revoke('p1');
    await sessions.noteUse(idle);

    expect(await table.query('session#p1')).toEqual([]);
    expect(await found()).toEqual([false, false]);
  });
});

describe('sign-in codes', () => {
  test('are taken once, even when ten ask at the same time', async () => {
    await sessions.createCode(code);

    const taken = await Promise.all(Array.from({ length: 10 }, () => sessions.takeCode('c1')));

    expect(taken.filter((one) => one !== null)).toEqual([code]);
    expect(await sessions.takeCode('c1')).toBeNull();
  });

  test('are refused when they have expired, and are gone then', async () => {
    await sessions.createCode(code);
    clock = START + 60_000;

    expect(await sessions.takeCode('c1')).toBeNull();

    clock = START;
    expect(await sessions.takeCode('c1')).toBeNull();
  });
});
