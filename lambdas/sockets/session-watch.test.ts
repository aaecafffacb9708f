import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type EmulatedTables, startEmulatedTables } from '../stores/emulated-table.ts';
import type { Session, Sessions } from '../stores/records.ts';
import { createSessions } from '../stores/sessions.ts';
import { createTable } from '../stores/table.ts';
import { createKeepSession, type KeepSession } from './session-watch.ts';

const MINUTE = 60_000;
const IDLE_MS = 60 * MINUTE;
const START = 1_700_000_000_000;
const user = { issuer: 'https://id.example', subject: '7', username: 'alice', name: '', email: '', groups: [], claims: {}, amr: [] };
const common = { user, createdAt: START, expiresAt: START + 24 * IDLE_MS, mfa: false, authenticatedAt: null };
const portal: Session = { ...common, id: 'portal', parent: 'portal', host: null, idleMs: IDLE_MS, usedAt: START };
const session: Session = { ...common, id: 'here', parent: 'portal', host: 'chat.apps.example.com' };
const watched = { id: session.id, parent: session.parent, idleMs: IDLE_MS };

let tables: EmulatedTables;
let sessions: Sessions;
let clock: number;
let asked: string[];
let keep: KeepSession;

beforeAll(async () => {
  tables = await startEmulatedTables();
});
afterAll(() => tables.close());
beforeEach(async () => {
  clock = START;
  asked = [];
  sessions = createSessions({ table: createTable(tables.client, await tables.create()), now: () => clock });
  await sessions.create(portal);
  await sessions.create(session);
  const counted: typeof sessions = {
    ...sessions,
    noteUse: (used) => {
      asked.push('noted');
      return sessions.noteUse(used);
    },
    find: (id) => {
      asked.push('asked');
      return sessions.find(id);
    },
  };
  keep = createKeepSession({ sessions: counted, now: () => clock });
});

/** A message each minute. */
const minutes = async (count: number, used: boolean): Promise<boolean[]> => {
  const kept = [];
  for (let minute = 0; minute < count; minute += 1) {
    clock += MINUTE;
    kept.push(await keep(watched, used));
  }
  return kept;
};

describe('messages over a WebSocket', () => {
  test('that come of what a person does keep their session for as long as they go on', async () => {
    expect(new Set(await minutes(300, true))).toEqual(new Set([true]));

    expect(await sessions.find('here')).not.toBeNull();
  });

  test('ask the store once in a tenth of the idle time, however many there are', async () => {
    for (let second = 0; second < 600; second += 1) {
      clock += 1_000;
      await keep(watched, true);
    }

    expect(asked).toEqual(['noted', 'asked', 'noted', 'asked']);
  });

  test('that a page sends by itself do not keep it: when it has lain unused for too long, nothing more is carried', async () => {
    const kept = await minutes(70, false);

    expect(kept.indexOf(false)).toBeGreaterThanOrEqual(59);
    expect(kept.indexOf(false)).toBeLessThanOrEqual(66);
    expect(asked).not.toContain('noted');
  });

  test('of a person who comes back too late are carried no more, and the session stays ended', async () => {
    await minutes(1, true);
    clock += IDLE_MS + MINUTE;

    expect([await keep(watched, true), await keep(watched, true)]).toEqual([false, false]);
    expect(await sessions.find('here')).toBeNull();
  });

  test('are not carried when it cannot be known whether the session is good', async () => {
    const failing = createKeepSession({
      sessions: { noteUse: async () => undefined, find: () => Promise.reject(new Error('throttled')) },
      now: () => clock,
    });

    await expect(failing(watched, false)).rejects.toThrow('throttled');
  });
});
