// A session goes on while the identity provider changes its mind about the user: through the router, the portal's function and a real provider.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { control } from '../support/administrator.ts';
import { eventually } from '../support/eventually.ts';
import { functionLog } from '../support/logs.ts';
import { type StoredSession, storedSession } from '../support/stored-session.ts';
import { signIn, type UserProgram } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

/** For what a router sees within ten seconds, on a machine that has other things to do. */
const PATIENCE_MS = 60_000;
const A_WHILE_MS = 10 * 60_000;

let world: World;
let bob: UserProgram;
let stored: StoredSession;

beforeAll(async () => {
  world = await startWorld();
}, 120_000);
afterAll(() => world?.dispose(), 60_000);
beforeEach(async () => {
  bob = await signIn(world, 'bob', 'intranet');
  const [newest] = [...(await control(world).sessions('bob'))].sort((one, other) => other.createdAt - one.createdAt);
  stored = await storedSession(world, newest!.id);
}, 60_000);

const change = (body: object) => world.control('PUT', '/identity-provider/users/bob', body);
const whoami = async () => {
  const { status, body } = await bob.fetch(`${world.url('intranet')}whoami`);
  return { status, text: body.toString() };
};
const refreshed = async (): Promise<number> =>
  (await functionLog(world, 'portal')).filter(({ event, user }) => event === 'session.refreshed' && user === 'bob').length;

test('groups that the provider gives and takes are with the application, without a sign-in, by one refresh for many requests', async () => {
  expect((await whoami()).text).toContain('staff');
  await change({ groups: ['night-shift'] });
  await stored.age(A_WHILE_MS);

  await eventually(PATIENCE_MS, async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, whoami));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    for (const { text } of answers) expect([text.includes('night-shift'), text.includes('staff')]).toEqual([true, false]);
  });

  expect(await refreshed()).toBe(1);
}, 90_000);

test('a provider that is away ends no session', async () => {
  const before = await refreshed();
  await world.control('PUT', '/identity-provider', { reachable: false });
  await stored.age(A_WHILE_MS);

  await eventually(PATIENCE_MS, async () => {
    expect((await whoami()).status).toBe(200);
    expect((await functionLog(world, 'portal')).some(({ event }) => event === 'session.refresh-failed')).toBe(true);
  });
  await world.control('PUT', '/identity-provider', { reachable: true });
  await stored.age(0);

  await eventually(PATIENCE_MS, async () => {
    expect((await whoami()).status).toBe(200);
    expect(await refreshed()).toBe(before + 1);
  });
}, 150_000);

test('a user who is disabled at the provider is out at the next refresh, everywhere', async () => {
  await change({ disabled: true });
  await stored.age(A_WHILE_MS);

  await eventually(PATIENCE_MS, async () => expect((await whoami()).status).toBe(401));

  expect(await stored.read()).toBeUndefined();
}, 90_000);
