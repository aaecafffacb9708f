// Against a real provider: sessions that go on, and those that the provider ends.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { digest } from '../keys.ts';
import type { Session } from '../stores/records.ts';
import { PORTAL_COOKIE } from './cookies.ts';
import { Browser } from './testing/browser.ts';
import { CLIENT_ID } from './testing/identity-provider.ts';
import { startWorld, type World } from './testing/world.ts';

const MINUTE = 60_000;
const alice = {
  sub: 'a-1',
  preferred_username: 'alice',
  name: 'Alice',
  email: 'alice@example.com',
  groups: ['staff', 'sales'],
  department: 'Sales',
};

let world: World;
let id: string;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  Object.assign(world.idp, { user: alice, away: false, refreshAnswer: null, refreshes: 0 });
  world.lines.length = 0;
  const browser = new Browser();
  await browser.open(`${world.portalUrl}/`);
  id = digest(browser.cookie(world.portalUrl, PORTAL_COOKIE)!);
  world.clock += 15 * MINUTE;
});

const session = (): Promise<Session | null> => world.sessions.find(id);
const changed = (claims: object) => world.idp.accounts.set('a-1', { ...alice, ...claims });
const idToken = (claims: object) => {
  const now = Math.floor(Date.now() / 1000);
  return world.idp.sign({ iss: world.idp.issuer, aud: CLIENT_ID, iat: now, exp: now + 60, ...alice, ...claims }, { typ: 'JWT' });
};
const answer = async (claims: object) => {
  const body = { access_token: 'x', token_type: 'Bearer', id_token: await idToken(claims), refresh_token: 'the next' };
  world.idp.refreshAnswer = { status: 200, body };
};
const refusing = (refreshAnswer: World['idp']['refreshAnswer']) => Object.assign(world.idp, { refreshAnswer });
const logged = (event: string) => world.lines.filter((line) => line.includes(`"${event}"`));

describe('a session that is refreshed', () => {
  test('knows what the provider says of the user now, as do those that came from it; it lasts no longer', async () => {
    const before = await session();
    await world.sessions.create({ ...before!, id: 'w-1', parent: id, host: 'wiki.apps.example.com', refreshToken: undefined });
    changed({ groups: ['staff'], name: 'Alice A.' });

    await world.refresh(id);

    const { user, expiresAt, refreshAt } = (await session())!;
    expect(user).toEqual({ ...before!.user, groups: ['staff'], name: 'Alice A.' });
    expect((await world.sessions.find('w-1'))!.user).toEqual(user);
    expect([expiresAt, refreshAt]).toEqual([before!.expiresAt, world.clock + 15 * MINUTE]);
    expect(logged('session.refreshed')).toHaveLength(1);
  });

  test('goes on with the token that the provider gave in place of the one before, again and again', async () => {
    for (let times = 0; times < 3; times += 1) {
      const { refreshToken } = (await session())!;
      await world.refresh(id);
      expect((await session())!.refreshToken).not.toBe(refreshToken);
      await world.sessions.noteUse((await session())!);
      world.clock += 15 * MINUTE;
    }

    expect(world.idp.refreshes).toBe(3);
  });

  test('is so once, whatever number of routers asks at the same time, and not before it is time', async () => {
    await Promise.all(Array.from({ length: 10 }, () => world.refresh(id)));
    await world.refresh(id);

    expect(world.idp.refreshes).toBe(1);
  });

  test('is found by the new name of a user who was renamed', async () => {
    changed({ preferred_username: 'alice.ashby' });

    await world.refresh(id);

    const found = await world.sessions.withHandle({ username: 'alice.ashby' });
    expect(found.map((one) => one.id)).toContain(id);
  });

  test('keeps the new token even when the user cannot be told of after it', async () => {
    const { refreshToken } = (await session())!;
    await answer({ groups: undefined });

    await world.refresh(id);

    const { user, refreshToken: next } = (await session())!;
    expect(next).not.toBe(refreshToken);
    expect(user.groups).toEqual(alice.groups);
    expect(logged('session.refresh-no-userinfo')).toHaveLength(1);
  });
});

describe('a provider that', () => {
  test.each<[string, () => unknown]>([
    ['knows the user no more', () => void world.idp.accounts.delete('a-1')],
    ['answers for another user', () => answer({ sub: 'b-1' })],
    ['answers in another issuer’s name', () => answer({ iss: 'https://evil.example' })],
    ['answers for another client', () => answer({ aud: 'another' })],
    ['gives the user no name any more', () => answer({ preferred_username: '' })],
    [
      'answers with a token that it did not sign',
      async () => {
        await answer({});
        const { body } = world.idp.refreshAnswer!;
        world.idp.refreshAnswer = { status: 200, body: { ...body, id_token: (await idToken({})).replace(/.{9}$/, 'AAAAAAAAA') } };
      },
    ],
    ['wants the user to sign in anew', () => refusing({ status: 400, body: { error: 'interaction_required' } })],
  ])('%s ends the session and those that came from it', async (_, change) => {
    await world.sessions.create({ ...(await session())!, id: 'w-1', parent: id, host: 'wiki.apps.example.com' });
    await change();

    await world.refresh(id);

    expect([await session(), await world.sessions.find('w-1')]).toEqual([null, null]);
    expect([logged('session.refresh-refused'), logged('sign-out.by-provider')].map((lines) => lines.length)).toEqual([1, 1]);
  });

  test.each<[string, () => unknown]>([
    ['is away', () => Object.assign(world.idp, { away: true })],
    ['is busy', () => refusing({ status: 400, body: { error: 'temporarily_unavailable' } })],
    ['fails', () => refusing({ status: 503, body: {} })],
    ['refuses us and not the user', () => refusing({ status: 400, body: { error: 'unauthorized_client' } })],
  ])('%s ends nothing, and is asked again after a minute', async (_, change) => {
    change();
    await world.refresh(id);
    const { user, refreshAt } = (await session())!;
    expect([user.groups, refreshAt]).toEqual([alice.groups, world.clock + MINUTE]);

    Object.assign(world.idp, { away: false, refreshAnswer: null });
    world.clock += MINUTE;
    await world.refresh(id);

    expect(world.idp.refreshes).toBe(1);
  });
});

describe('the refresh token', () => {
  const key = () => ({ pk: `session#${id}`, sk: '-' });

  test('is not in the table as it is, nor in the log', async () => {
    await answer({});
    await world.refresh(id);

    const item = JSON.stringify(await world.table.get(key()));

    expect(item).toContain('refreshToken');
    expect(item).not.toContain('the next');
    expect(world.lines.join()).not.toContain('the next');
  });

  test('of another session is none: who can write to the table gains nothing, and the session ends', async () => {
    const browser = new Browser();
    world.idp.user = { ...alice, sub: 'b-1', preferred_username: 'bob' };
    await browser.open(`${world.portalUrl}/`);
    const other = (await world.sessions.find(digest(browser.cookie(world.portalUrl, PORTAL_COOKIE)!)))!;
    await world.sessions.keepRefreshToken(id, other.refreshToken!);

    await world.refresh(id);

    expect([await session(), world.idp.refreshes]).toEqual([null, 0]);
    expect(await world.sessions.find(other.id)).not.toBeNull();
  });

  test('that comes back after the session was ended brings nothing back', async () => {
    const ended = (await session())!;
    await world.sessions.revoke(id);

    await world.sessions.keepRefreshToken(id, 'x');
    await world.sessions.refresh(ended, ended.user, world.clock);

    expect([await world.table.get(key()), await session()]).toEqual([null, null]);
  });
});
