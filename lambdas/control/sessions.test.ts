import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { SessionReport } from '../../protocol/control.ts';
import type { Session } from '../stores/records.ts';
import { NOW, read, startWorld, type World, wiki } from './testing/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

describe('sessions', () => {
  const user = { issuer: 'i', subject: 's', username: 'alice', name: '', email: '', groups: [], claims: {}, amr: [] };
  const session = (id: string, changes: Partial<Session> = {}): Session => ({
    ...{ id, parent: id, host: null, user, createdAt: NOW, expiresAt: NOW + 1000, mfa: true, authenticatedAt: null },
    ...changes,
  });
  const left = async (...ids: string[]) => (await Promise.all(ids.map((id) => world.sessions.find(id)))).map((one) => one?.id);
  beforeEach(async () => {
    await world.call('PUT', 'applications', { applications: [wiki] });
    for (const one of [
      session('p1'),
      session('p2'),
      session('p3', { user: { ...user, username: 'bob' } }),
      session('w1', { parent: 'p1', host: 'wiki.apps.example.com' }),
      session('o1', { parent: 'p1', host: 'other.apps.example.com' }),
    ])
      await world.sessions.create(one);
  });

  test('of a user are listed', async () => {
    const answer = await world.call('GET', 'sessions?user=alice');

    const ids = read<{ sessions: SessionReport[] }>(answer).sessions.map(({ id }) => id);
    expect(ids.sort()).toEqual(['p1', 'p2']);
  });

  test.each<[object, number, (string | undefined)[]]>([
    [{ user: 'alice' }, 2, [undefined, undefined, 'p3', undefined, undefined]],
    [{ session: 'p2' }, 1, ['p1', undefined, 'p3', 'w1', 'o1']],
    [{ application: 'wiki' }, 1, ['p1', 'p2', 'p3', undefined, 'o1']],
    [{ user: 'nobody' }, 0, ['p1', 'p2', 'p3', 'w1', 'o1']],
  ])('%j are revoked, and no others', async (which, revoked, expected) => {
    const answer = await world.call('POST', 'sessions/revocations', which);

    expect(read(answer)).toEqual({ revoked });
    expect(await left('p1', 'p2', 'p3', 'w1', 'o1')).toEqual(expected);
  });

  test.each([{}, { user: '' }, { user: 'a', session: 'b' }, { user: 7 }])('%j is refused', async (which) => {
    expect((await world.call('POST', 'sessions/revocations', which)).statusCode).toBe(400);
  });
});
