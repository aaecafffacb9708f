import { beforeEach, describe, expect, test } from '@jest/globals';
import type { TokenSignOn } from '../stores/records.ts';
import { application, event, user } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

const HOST_B = 'shop.apps.example.com';
const settings = (changes: Partial<TokenSignOn> = {}): TokenSignOn & { headers: Record<string, string> } => ({
  method: 'token',
  headers: {},
  grant: 'exchange',
  audience: 'https://wiki.corp',
  scopes: [],
  header: 'Authorization',
  ...changes,
});

let rig: ReturnType<typeof createRig>;
let cookie: string;

beforeEach(() => {
  rig = createRig();
  rig.applications[0] = application({ singleSignOn: settings() });
  cookie = rig.signIn({ expiresAt: rig.clock.now() + 8 * 3_600_000 });
});

const visit = (headers: Record<string, string[]> = {}, host?: string) =>
  rig.answer({ headers: { Cookie: [cookie], ...headers }, ...(host && { host }) });
const got = (name = 'authorization') =>
  rig.requests().map(({ headers }) => headers.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value));

describe('the application', () => {
  test('gets the user’s token, and no other that the client sends in its place', async () => {
    await visit({ Authorization: ['Bearer forged'] });

    expect(got()).toEqual([[expect.stringMatching(/^Bearer for wiki by /)]]);
  });

  test('gets it in a field of its own where it says so, as it is', async () => {
    rig.applications[0] = application({ singleSignOn: settings({ header: 'X-Access-Token' }) });

    await visit({ 'x-access-token': ['forged'] });

    expect(got('x-access-token')).toEqual([[expect.stringMatching(/^for wiki by /)]]);
  });

  test('gets none unless its method is token', async () => {
    rig.applications[0] = application();

    await visit();

    expect([got(), rig.tokenAsks]).toEqual([[[]], []]);
  });
});

describe('a token is asked for', () => {
  test('once by many requests at once, and again shortly before it ends', async () => {
    await Promise.all(Array.from({ length: 20 }, () => visit()));
    expect(rig.tokenAsks).toHaveLength(1);

    await rig.clock.advance(3_600_000 - 30_001);
    await visit();
    expect(rig.tokenAsks).toHaveLength(1);

    await rig.clock.advance(1);
    await visit();
    expect(rig.tokenAsks).toHaveLength(2);
  });

  test('anew when the application’s settings have changed', async () => {
    await visit();
    rig.applications[0] = application({ singleSignOn: settings({ scopes: ['write'] }) });
    await rig.clock.advance(11_000);

    await visit();

    expect(rig.tokenAsks).toHaveLength(2);
  });

  test('for each session and application by itself, however they come together', async () => {
    rig.applications.push(application({ id: 'shop', host: HOST_B, singleSignOn: settings({ audience: 'https://shop.corp' }) }));
    const people = ['alice', 'bob'].map((username) => user({ username, subject: username }));
    const cookies = people.flatMap((who) => [rig.signIn({ user: who }), rig.signIn({ user: who, host: HOST_B })]);
    const hosts = [undefined, HOST_B, undefined, HOST_B];

    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        rig.answer({ headers: { Cookie: [cookies[n % 4]!] }, ...(hosts[n % 4] && { host: hosts[n % 4] }) }),
      ),
    );

    expect(rig.tokenAsks).toHaveLength(4);
    const tokens = rig
      .requests()
      .map(({ application: id, user: name, headers }) => [`${id} ${name}`, headers.find(([field]) => field === 'Authorization')![1]]);
    // Each user has one token at each application, and it is that application's.
    const byWhom = new Map<string, Set<string>>();
    for (const [whose, token] of tokens) byWhom.set(whose!, (byWhom.get(whose!) ?? new Set()).add(token!));
    expect([...byWhom.values()].map(({ size }) => size)).toEqual([1, 1, 1, 1]);
    expect(new Set([...byWhom.values()].flatMap((set) => [...set])).size).toBe(4);
    for (const [whose, set] of byWhom) expect([...set][0]).toContain(`for ${whose.split(' ')[0]} by `);
  });

  test('with the token that a program came with, and by no other program’s', async () => {
    rig.applications[0] = application({
      singleSignOn: settings(),
      tokens: { audience: 'wiki', scopes: [], header: 'Authorization', services: false },
    });
    const claims = (scope: string) => ({
      iss: 'https://login.example.com',
      sub: 'p-1',
      aud: 'wiki',
      preferred_username: 'alice',
      scope,
      exp: 9e9,
    });
    const bearer = (scope: string) => Buffer.from(JSON.stringify(claims(scope))).toString('base64url');

    for (const scope of ['read', 'write', 'read']) await rig.answer({ headers: { Authorization: [`Bearer ${bearer(scope)}`] } });

    expect(rig.tokenAsks.map(({ by }) => by)).toEqual(
      ['read', 'write'].map((scope) => ({ token: bearer(scope), issuer: 'https://login.example.com', subject: 'p-1' })),
    );
    expect(got().every(([value]) => value!.startsWith('Bearer for wiki by '))).toBe(true);
  });

  test('not at all where the program’s own does', async () => {
    rig.applications[0] = application({
      singleSignOn: settings({ grant: 'own', audience: null }),
      tokens: { audience: 'wiki', scopes: [], header: 'X-Token', services: false },
    });
    const token = Buffer.from(
      JSON.stringify({ iss: 'https://login.example.com', sub: 'p-1', aud: 'wiki', scope: 'read', preferred_username: 'alice', exp: 9e9 }),
    ).toString('base64url');

    await rig.answer({ headers: { 'X-Token': [token] } });

    expect([got(), rig.tokenAsks]).toEqual([[[`Bearer ${token}`]], []]);
  });
});

describe('no request reaches the application without the token', () => {
  test.each([
    ['ERR_ACCESS_TOKEN_REFUSED', 502],
    ['ERR_IDENTITY_PROVIDER_UNREACHABLE', 502],
    ['ERR_SESSION_ENDED', 401],
  ] as const)('%s of the portal is the user’s %i, asked for once in a while', async (code, status) => {
    rig.tokenAnswer.give = async () => ({ code, message: 'Why it is so.' });

    const answers = [await visit(), await visit()];
    await rig.clock.advance(3_001);
    await visit();

    expect(answers.map((answer) => answer.status)).toEqual([status, status]);
    expect([rig.requests(), rig.tokenAsks.length]).toEqual([[], 2]);
    expect(JSON.stringify(rig.lines)).toContain('Why it is so.');
  });

  test('a revoked session’s token is used no more, within ten seconds', async () => {
    await visit();
    rig.sessions.clear();
    await rig.clock.advance(10_000);

    const { status } = await visit();

    expect([status, rig.requests().length]).toEqual([401, 1]);
  });

  test('a token that is no header’s value, or too large for one, is not sent', async () => {
    for (const token of ['a\r\nX-User: admin', 'x'.repeat(8_000)]) {
      rig.tokenAnswer.give = async () => ({ token, goodUntil: rig.clock.now() + 3_600_000 });
      cookie = rig.signIn();
      expect((await visit()).status).toBe(502);
    }
    expect(rig.requests()).toEqual([]);
  });
});

test('no token is in the log', async () => {
  rig.tokenAnswer.give = async () => ({ token: 'very-secret', goodUntil: rig.clock.now() + 3_600_000 });
  await visit();
  rig.tunnels.length = 0;
  rig.begin(event({ headers: { Cookie: [cookie] } }));
  await rig.clock.advance(20_000);

  expect(rig.lines.length).toBeGreaterThan(1);
  expect(JSON.stringify(rig.lines)).not.toContain('very-secret');
});
