import { describe, expect, test } from '@jest/globals';
import { digest } from '../keys.ts';
import type { ApplicationHere } from '../stores/records.ts';
import { turn } from './testing/manual-clock.ts';
import { application, event, user } from './testing/records.ts';
import type { Behaviour } from './testing/rig.ts';
import { createRig } from './testing/rig.ts';

/** Begins an answer and leaves it open, as server-sent events do. */
const open: Behaviour = ({ frame }, reply) => {
  if (frame.type !== 'request') return;
  reply({ type: 'response', exchange: frame.exchange, n: 0, status: 200, headers: [], end: false }, Buffer.from('first'));
};

const begin = async (changes: Partial<ApplicationHere> = {}, headers?: Record<string, string[]>) => {
  const rig = createRig();
  rig.applications[0] = application(changes);
  rig.behaviours.set('tunnel-a=', open);
  rig.serviceTokens.set(digest(SECRET), {
    ...{ id: digest(SECRET), name: 'robot', applications: ['wiki'], createdBy: 'arn' },
    ...{ createdAt: rig.clock.now(), expiresAt: rig.clock.now() + 3_600_000 },
  });
  const cookie = rig.signIn();
  const asked = rig.begin(event({ path: '/feed', headers: headers ?? { Cookie: [cookie] } }));
  await turn();
  return { rig, ...asked };
};
const SECRET = 't'.repeat(43);
const pass = async ({ clock }: ReturnType<typeof createRig>, seconds: number) => {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1000);
    await turn();
  }
};

describe('an answer that is under way', () => {
  test('ends within ten seconds of a revocation, visibly, and the connector is told', async () => {
    const { rig, response, finished, failure } = await begin();
    await pass(rig, 25);
    expect([response.status, finished()]).toEqual([200, false]);

    rig.sessions.clear();
    await pass(rig, 10);

    expect([finished(), failure()]).toEqual([true, expect.objectContaining({ code: 'ERR_SESSION_ENDED' })]);
    expect(rig.received.map(({ frame }) => frame.type)).toContain('cancel');
  });

  test('outlives a store that cannot be read for a moment, and no longer', async () => {
    const { rig, finished } = await begin();

    rig.failing.sessions = new Error('throttled');
    await pass(rig, 25);
    expect(finished()).toBe(false);
    await pass(rig, 15);

    expect(finished()).toBe(true);
  });
});

type Begun = Awaited<ReturnType<typeof begin>>;
const change =
  (changes: Partial<ApplicationHere>) =>
  ({ rig }: Begun) => {
    rig.applications[0] = { ...rig.applications[0]!, ...changes };
  };
const condition = (changes: object) => ({ name: 'c', paths: [], methods: [], require: null, refuse: null, ...changes });
const TOKENS = { audience: null, scopes: [], header: 'Authorization', services: true };

describe('within ten seconds it ends also when', () => {
  test.each<[string, string, (begun: Begun) => unknown]>([
    ['the user is taken out of access', 'ERR_ACCESS_DENIED', change({ access: { users: ['bob'], groups: [] } })],
    ['a condition refuses them', 'ERR_CONDITION_NOT_MET', change({ conditions: [condition({ refuse: { groups: ['staff'] } })] })],
    ['a condition on its path does', 'ERR_CONDITION_NOT_MET', change({ conditions: [condition({ paths: ['/feed/'], refuse: {} })] })],
    ['a second factor is required now', 'ERR_STEP_UP_REQUIRED', change({ conditions: [condition({ require: { mfa: true } })] })],
    ['it is another application’s place', 'ERR_ACCESS_DENIED', change({ id: 'other' })],
    ['it is published no more', 'ERR_APPLICATION_UNKNOWN', ({ rig }) => rig.applications.splice(0)],
  ])('%s: %s', async (_, code, changing) => {
    const begun = await begin();
    await pass(begun.rig, 25);
    expect([begun.response.status, begun.finished()]).toEqual([200, false]);

    changing(begun);
    await pass(begun.rig, 10);

    expect([begun.finished(), begun.failure()]).toEqual([true, expect.objectContaining({ code })]);
    expect(begun.rig.received.map(({ frame }) => frame.type)).toContain('cancel');
  });

  test('the provider takes the user out of a group', async () => {
    const { rig, finished, failure } = await begin({ access: { users: [], groups: ['staff'] } });

    for (const [id, session] of rig.sessions) rig.sessions.set(id, { ...session, user: user({ groups: [] }) });
    await pass(rig, 10);

    expect([finished(), failure()]).toEqual([true, expect.objectContaining({ code: 'ERR_ACCESS_DENIED' })]);
  });

  test('everyone passed, and now have to sign in', async () => {
    const { rig, finished, ...begun } = await begin({ preAuthentication: 'pass-through' }, {});
    await pass(rig, 25);
    expect(finished()).toBe(false);

    change({ preAuthentication: 'sign-in' })({ rig, finished, ...begun });
    await pass(rig, 10);

    expect(finished()).toBe(true);
  });

  test.each<[string, (begun: Begun) => unknown]>([
    ['is revoked', ({ rig }) => rig.serviceTokens.clear()],
    ['is no longer taken', change({ tokens: { ...TOKENS, services: false } })],
  ])('the service token %s', async (_, changing) => {
    const begun = await begin({ tokens: TOKENS }, { Authorization: [`Bearer sallyport_${SECRET}`] });
    await pass(begun.rig, 25);
    expect([begun.response.status, begun.finished()]).toEqual([200, false]);

    changing(begun);
    await pass(begun.rig, 10);

    expect(begun.finished()).toBe(true);
  });

  test('hours are over', async () => {
    const rig = createRig();
    // It was midnight.
    await rig.clock.advance(40_000);
    const hours = { days: ['tue'], from: '00:00', to: '00:01', zone: 'Etc/UTC' } as const;
    rig.applications[0] = application({ conditions: [condition({ require: { hours } })] });
    rig.behaviours.set('tunnel-a=', open);
    const { finished } = rig.begin(event({ headers: { Cookie: [rig.signIn()] } }));
    await pass(rig, 18);
    expect(finished()).toBe(false);

    await pass(rig, 12);

    expect(finished()).toBe(true);
  });
});

describe('it goes on', () => {
  test.each<[string, Partial<ApplicationHere>, Partial<ApplicationHere>]>([
    [
      'while others come in and go',
      { access: { users: ['alice@example.com'], groups: [] } },
      { access: { users: ['alice@example.com', 'bob'], groups: [] } },
    ],
    ['when nothing that is decided on has changed', {}, { name: 'Another', maintenance: 'soon' }],
  ])('%s', async (_, before, after) => {
    const begun = await begin(before);

    change(after)(begun);
    await pass(begun.rig, 40);

    expect(begun.finished()).toBe(false);
  });

  test('when the sign-in, which was recent enough at its begin, grows old', async () => {
    const rig = createRig();
    rig.applications[0] = application({ conditions: [condition({ require: { signedInWithinSeconds: 15 } })] });
    rig.behaviours.set('tunnel-a=', open);
    const asked = rig.begin(event({ headers: { Cookie: [rig.signIn({ authenticatedAt: rig.clock.now() - 10_000 })] } }));
    await turn();

    await pass(rig, 40);

    expect([asked.response.status, asked.finished()]).toEqual([200, false]);
  });

  test('for a moment while the directory cannot be read, and no longer', async () => {
    const { rig, finished } = await begin();

    rig.failing.directory = new Error('throttled');
    await pass(rig, 25);
    expect(finished()).toBe(false);
    await pass(rig, 15);

    expect(finished()).toBe(true);
  });
});
