import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type NtlmAnswer, type NtlmOrigin, signInByNtlm, startNtlmOrigin } from '../../test/support/ntlm.ts';
import { systemClock } from '../clock.ts';
import { Origins } from '../origin.ts';
import type { CallOrigin } from '../ports.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { ntlmMethod } from './ntlm.ts';
import { signingOn } from './sign-on.ts';

const PASSWORDS = { alice: 'of alice', bob: 'of bob', carol: 'of carol' };
const PEOPLE = Object.entries(PASSWORDS);

let origin: NtlmOrigin;
let origins: Origins;
let call: CallOrigin;

const through = (clock: Parameters<typeof ntlmMethod>[0]): CallOrigin =>
  signingOn(origins.call, {
    ntlm: ntlmMethod(clock),
    kerberos: { prepare: () => Promise.reject(new Error('Nobody asked for Kerberos.')) },
  });

beforeEach(async () => {
  origin = await startNtlmOrigin(PASSWORDS);
  origins = new Origins({ connections: 8, connectTimeoutMs: 2_000, ca: null });
  call = through(systemClock);
});
afterEach(async () => {
  await origins.close();
  await origin.dispose();
});

const ask = async (session: string, authorization?: string, signal = new AbortController().signal): Promise<NtlmAnswer> => {
  const { status, headers, body } = await call({
    method: 'GET',
    origin: origin.url.slice(0, -1),
    path: '/',
    headers: authorization === undefined ? [] : [['Authorization', authorization]],
    body: null,
    verifyCertificate: true,
    loopbackAllowed: true,
    signal,
    connected: () => undefined,
    signOn: { method: 'ntlm', connection: session },
  });
  let text = '';
  for await (const chunk of body) text += Buffer.from(chunk).toString();
  return { status, challenge: headers.find(([name]) => name.toLowerCase() === 'www-authenticate')?.[1], body: text };
};
const signIn = (session: string, user: string, password: string) => signInByNtlm((field) => ask(session, field), user, password);

test('a program signs in by the three messages, and is known afterwards without any', async () => {
  const { status, body } = await signIn('session-of-alice', 'alice', PASSWORDS.alice);

  expect([status, body]).toEqual([200, 'alice']);
  expect((await ask('session-of-alice')).body).toBe('alice');
});

test('a wrong password is refused, and the next handshake begins anew', async () => {
  expect((await signIn('session', 'alice', 'wrong')).status).toBe(401);
  expect((await signIn('session', 'alice', PASSWORDS.alice)).body).toBe('alice');
});

describe('no identity bleeds', () => {
  test('a session that has not signed in is nobody, although others have', async () => {
    for (const [user, password] of PEOPLE) await signIn(`session-of-${user}`, user, password);

    const { status } = await ask('session-of-nobody');

    expect(status).toBe(401);
  });

  test('three users, interleaved in four hundred requests at once: each is seen as themselves, and no connection has known two', async () => {
    await Promise.all(PEOPLE.map(([user, password]) => signIn(`session-of-${user}`, user, password)));

    const asked = Array.from({ length: 400 }, (_, index) => PEOPLE[(index * 7) % PEOPLE.length]![0]);
    const answers = await Promise.all(asked.map((user) => ask(`session-of-${user}`)));

    expect(answers.map(({ body }) => body)).toEqual(asked);
    expect([...origin.known.values()].map((users) => [...users].sort()).sort()).toEqual([['alice'], ['bob'], ['carol']]);
  });

  test('two sessions of one user sign in each for themselves', async () => {
    await signIn('at-home', 'alice', PASSWORDS.alice);

    expect((await ask('at-the-office')).status).toBe(401);
    expect(await signIn('at-the-office', 'bob', PASSWORDS.bob)).toMatchObject({ body: 'bob' });
    expect((await ask('at-home')).body).toBe('alice');
  });
});

describe('one session that does several things at once', () => {
  test('other requests wait for the end of a handshake: none gets between its messages', async () => {
    const [signedIn, ...others] = await Promise.all([
      signIn('session', 'alice', PASSWORDS.alice),
      ...Array.from({ length: 20 }, () => ask('session')),
    ]);

    expect(signedIn.body).toBe('alice');
    expect(new Set(others.map(({ body }) => body))).toEqual(new Set(['alice']));
  });

  test('ten handshakes at once all come to their end', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => signIn('session', 'alice', PASSWORDS.alice)));

    expect(answers.map(({ body }) => body)).toEqual(Array(10).fill('alice'));
  });

  test('a handshake that is begun and left keeps nobody waiting after its time', async () => {
    const clock = new ManualClock();
    call = through(clock);
    const begun = await ask('session', `NTLM ${Buffer.from('NTLMSSP\0\u0001\0\0\0').toString('base64')}`);
    const waiting = ask('session');

    await clock.pass(10_000);

    expect(begun.challenge).toMatch(/^NTLM \S+$/);
    expect((await waiting).status).toBe(401);
  });

  test('a user who has gone while waiting, or whose application is away, hands the turn on', async () => {
    const left = new AbortController();
    const gone = ask('session', undefined, left.signal);
    left.abort(new Error('gone'));

    await expect(gone).rejects.toThrow();
    expect((await signIn('session', 'alice', PASSWORDS.alice)).body).toBe('alice');
  });
});
