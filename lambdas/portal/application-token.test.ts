// Against a real provider for sign-in and refresh; what it answers to an exchange is played, so that it may answer wrongly.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt, type JWTPayload } from 'jose';
import { digest } from '../keys.ts';
import type { TokenSignOn } from '../stores/records.ts';
import { application } from '../stores/testing/application.ts';
import type { TokenAnswer } from './application-token.ts';
import { PORTAL_COOKIE } from './cookies.ts';
import { Browser } from './testing/browser.ts';
import { startWorld, type World } from './testing/world.ts';

const HOST = 'payroll.apps.example.com';
const AUDIENCE = 'https://payroll.corp.example';
const settings: TokenSignOn & { headers: Record<string, string> } = {
  method: 'token',
  headers: {},
  grant: 'exchange',
  audience: AUDIENCE,
  scopes: ['read', 'write'],
  header: 'Authorization',
};
const people = {
  alice: { sub: 'a-1', preferred_username: 'alice', name: 'Alice', email: 'alice@example.com', groups: ['staff'], department: 'Sales' },
  bob: { sub: 'b-1', preferred_username: 'bob', name: 'Bob', email: 'bob@example.com', groups: [], department: 'Sales' },
};

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  Object.assign(world.idp, { away: false, refreshAnswer: null, refreshes: 0 });
  world.idp.exchanges.length = 0;
  world.lines.length = 0;
  world.clock = Date.now();
  publish();
  gives();
});

const publish = (changes: Partial<TokenSignOn> = {}) => {
  world.applications = [application({ id: 'payroll', host: HOST, singleSignOn: { ...settings, ...changes } })];
};

/** What the provider puts into the tokens that it gives; Alice’s, unless a test says otherwise. */
const gives = (claims: JWTPayload = {}) => {
  world.idp.exchange = async () => {
    const now = Math.floor(Date.now() / 1000);
    const access_token = await world.idp.sign(
      { iss: world.idp.issuer, sub: 'a-1', aud: AUDIENCE, exp: now + 600, ...claims },
      { typ: 'at+jwt' },
    );
    return {
      status: 200,
      body: { access_token, token_type: 'Bearer', issued_token_type: 'urn:ietf:params:oauth:token-type:access_token', expires_in: 900 },
    };
  };
};
const refuses = (error: string, status = 400) => {
  world.idp.exchange = async () => ({ status, body: { error, error_description: 'secret words of the provider' } });
};

/** An application session of a user who signed in at the portal. */
const signIn = async (name: keyof typeof people): Promise<string> => {
  world.idp.user = people[name];
  const browser = new Browser();
  await browser.open(`${world.portalUrl}/`);
  const parent = digest(browser.cookie(world.portalUrl, PORTAL_COOKIE)!);
  const id = digest(`${parent} at ${HOST}`);
  await world.sessions.create({ ...(await world.sessions.find(parent))!, id, parent, host: HOST, refreshToken: undefined });
  return id;
};
const ask = (session: string, host = HOST): Promise<TokenAnswer> => world.tokenFor({ application: 'payroll', host, by: { session } });
const given = (answer: TokenAnswer): JWTPayload => {
  if (!('token' in answer)) throw new Error(`${answer.code}: ${answer.message}`);
  return decodeJwt(answer.token);
};

describe('a token for an application', () => {
  test('is the provider’s, for the user’s own, with our secret; it is used no longer than it says itself', async () => {
    const session = await signIn('alice');

    const answer = await ask(session);

    expect(given(answer)).toMatchObject({ sub: 'a-1', aud: AUDIENCE });
    expect(answer).toMatchObject({ goodUntil: given(answer).exp! * 1000 });
    const [asked] = world.idp.exchanges;
    expect(asked).toMatchObject({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: expect.any(String),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: AUDIENCE,
      scope: 'read write',
    });
  });

  test('costs one refresh, whatever number of routers asks at once and again', async () => {
    const session = await signIn('alice');

    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(session)));
    await ask(session);

    expect(new Set(answers.map((answer) => given(answer).sub))).toEqual(new Set(['a-1']));
    expect(world.idp.refreshes).toBe(1);
  });

  test('is made with the user’s token renewed when that is about to end', async () => {
    const session = await signIn('alice');
    const renewed = async (access_token: string) => {
      world.idp.refreshAnswer = { status: 200, body: { access_token, token_type: 'Bearer', expires_in: 120 } };
      await ask(session);
      world.idp.refreshAnswer = null;
    };
    await renewed('first');
    await ask(session);
    world.clock += 89_000;
    await ask(session);
    world.clock += 1_000;
    await renewed('second');

    await ask(session);

    expect(world.idp.exchanges.map(({ subject_token: own }) => own)).toEqual(['first', 'first', 'second']);
  });

  test('as Entra ID makes it, whose name for the user differs from application to application', async () => {
    publish({ grant: 'on-behalf-of', scopes: ['api://payroll/.default'] });
    const own = await world.idp.sign({ iss: world.idp.issuer, sub: 'at-sallyport', oid: 'o-1', tid: 't-1' });
    gives({ sub: 'at-payroll', oid: 'o-1', tid: 't-1', iss: 'https://sts.windows.net/t-1/' });

    const by = { token: own, issuer: world.idp.issuer, subject: 'at-sallyport' };
    const answer = await world.tokenFor({ application: 'payroll', host: HOST, by });

    expect(given(answer)).toMatchObject({ sub: 'at-payroll', oid: 'o-1' });
    expect(world.idp.exchanges[0]).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: own,
      requested_token_use: 'on_behalf_of',
      scope: 'api://payroll/.default',
    });
  });

  test('may be the user’s own', async () => {
    publish({ grant: 'own', audience: null, scopes: [] });
    const session = await signIn('alice');

    const answer = await ask(session);

    expect(answer).toEqual({ token: expect.any(String), goodUntil: expect.any(Number) });
    expect(world.idp.exchanges).toEqual([]);
  });
});

describe('nobody gets another’s token', () => {
  test('not of two users who ask at the same time', async () => {
    const [alice, bob] = [await signIn('alice'), await signIn('bob')];
    const seen = new Map<string, string>();
    // The provider itself says whose token it got.
    world.idp.exchange = async (asked) => {
      const own = asked.subject_token!;
      const info = await fetch(`${world.idp.issuer}/me`, { headers: { authorization: `Bearer ${own}` } });
      const { sub } = (await info.json()) as { sub: string };
      seen.set(own, sub);
      const access_token = await world.idp.sign({ iss: world.idp.issuer, sub, aud: AUDIENCE, exp: Math.floor(Date.now() / 1000) + 600 });
      return { status: 200, body: { access_token, token_type: 'Bearer', expires_in: 600 } };
    };

    const turns = Array.from({ length: 20 }, (_, turn) => (turn % 2 === 0 ? alice : bob));
    const subjects = (await Promise.all(turns.map((session) => ask(session)))).map((answer) => given(answer).sub);

    expect(subjects).toEqual(turns.map((session) => (session === alice ? 'a-1' : 'b-1')));
    expect(new Set(seen.values())).toEqual(new Set(['a-1', 'b-1']));
  });

  test.each<[string, JWTPayload]>([
    ['of another user', { sub: 'b-1' }],
    ['of nobody', { sub: undefined }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another application', { aud: 'https://wiki.corp.example' }],
    ['for nobody in particular', { aud: undefined }],
  ])('a token %s, which the provider gave by mistake, goes nowhere', async (_, claims) => {
    gives(claims);

    const answer = await ask(await signIn('alice'));

    expect(answer).toMatchObject({ code: 'ERR_ACCESS_TOKEN_REFUSED' });
  });

  test('a token that does not say whom it is of goes nowhere', async () => {
    world.idp.exchange = async () => ({ status: 200, body: { access_token: 'opaque', token_type: 'Bearer' } });

    expect(await ask(await signIn('alice'))).toMatchObject({
      code: 'ERR_ACCESS_TOKEN_REFUSED',
      message: expect.stringContaining('RFC 9068'),
    });
  });

  test('an on-behalf-of token of another user of the same name goes nowhere', async () => {
    publish({ grant: 'on-behalf-of', scopes: ['api://payroll/.default'] });
    const own = await world.idp.sign({ iss: world.idp.issuer, sub: 's-1', oid: 'o-1', tid: 't-1' });
    gives({ sub: 's-1', oid: 'o-2', tid: 't-1' });

    const by = { token: own, issuer: world.idp.issuer, subject: 's-1' };

    expect(await world.tokenFor({ application: 'payroll', host: HOST, by })).toMatchObject({ code: 'ERR_ACCESS_TOKEN_REFUSED' });
  });

  test('a session of one host is none at another', async () => {
    const session = await signIn('alice');
    world.applications.push(application({ id: 'payroll', host: 'wiki.apps.example.com', singleSignOn: settings }));

    expect(await ask(session, 'wiki.apps.example.com')).toMatchObject({ code: 'ERR_SESSION_ENDED' });
    expect(world.idp.exchanges).toEqual([]);
  });

  test('an application that is to get none gets none, whoever asks', async () => {
    const session = await signIn('alice');
    world.applications = [application({ id: 'payroll', host: HOST })];

    expect(await ask(session)).toMatchObject({ code: 'ERR_APPLICATION_UNKNOWN' });
  });

  test('a session that was revoked gets none', async () => {
    const session = await signIn('alice');
    await ask(session);
    await world.sessions.revoke((await world.sessions.find(session))!.parent);

    expect(await ask(session)).toMatchObject({ code: 'ERR_SESSION_ENDED' });
  });
});

describe('a provider that', () => {
  test.each([
    ['unsupported_grant_type', 'singleSignOn.grant'],
    ['unauthorized_client', 'may not exchange'],
    ['invalid_target', 'singleSignOn.audience'],
    ['invalid_scope', 'singleSignOn.scopes'],
    ['invalid_grant', 'scopes'],
    ['interaction_required', 'consent'],
    ['something_else', 'own log'],
  ])('answers %s is told of with what to do', async (error, advice) => {
    refuses(error);

    const answer = await ask(await signIn('alice'));

    expect(answer).toEqual({ code: 'ERR_ACCESS_TOKEN_REFUSED', message: expect.stringContaining(advice) });
  });

  test.each<[string, () => unknown]>([
    ['is away', () => Object.assign(world.idp, { away: true })],
    ['is busy', () => refuses('temporarily_unavailable')],
    ['fails', () => refuses('x', 503)],
  ])('%s is out of reach, and the session goes on', async (_, change) => {
    const session = await signIn('alice');
    await ask(session);
    change();

    expect(await ask(session)).toMatchObject({ code: 'ERR_IDENTITY_PROVIDER_UNREACHABLE' });
    expect(await world.sessions.find(session)).not.toBeNull();
  });

  test('is away when the user’s own token is to be renewed is asked once a minute, not by each request', async () => {
    const session = await signIn('alice');
    world.idp.refreshAnswer = { status: 503, body: {} };
    await ask(session);
    world.clock += 11_000;
    const before = world.lines.filter((line) => line.includes('session.refresh-failed')).length;

    const answers = await Promise.all([ask(session), ask(session)]);

    expect(answers).toEqual(Array(2).fill(expect.objectContaining({ code: 'ERR_IDENTITY_PROVIDER_UNREACHABLE' })));
    expect([before, world.lines.filter((line) => line.includes('session.refresh-failed')).length]).toEqual([1, 1]);
  });

  test('says that the user’s sign-in is over ends the session', async () => {
    const session = await signIn('alice');
    world.idp.accounts.delete('a-1');

    expect(await ask(session)).toMatchObject({ code: 'ERR_SESSION_ENDED' });
  });
});

test('no token is in the table as it is, nor in the log', async () => {
  const session = await signIn('alice');
  const answer = await ask(session);
  const { parent } = (await world.sessions.find(session))!;
  gives({ sub: 'b-1' });
  await ask(session);

  const item = JSON.stringify(await world.table.get({ pk: `session#${parent}`, sk: '-' }));

  const own = world.idp.exchanges[0]!.subject_token!;
  const tokens = [own, (answer as { token: string }).token];
  expect(item).toContain('accessToken');
  for (const token of tokens) expect(item + world.lines.join()).not.toContain(token);
});
