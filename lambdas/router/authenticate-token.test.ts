// Programs at an application: with tokens of the identity provider, with service tokens of ours, beside an `Authorization` of the
// application's own, and with what RFC 6750 and RFC 9728 have them told.
import { describe, expect, test } from '@jest/globals';
import { digest } from '../keys.ts';
import type { Application, TokenPolicy } from '../stores/records.ts';
import { type EventChanges, event, HOST } from './testing/records.ts';
import { createRig } from './testing/rig.ts';
import { beginning, playUploads } from './testing/uploads.ts';

const AUDIENCE = 'api://orders';
const SECRET = 't'.repeat(43);
const METADATA = `https://${HOST}/.well-known/oauth-protected-resource`;

const rigWith = (policy: Partial<TokenPolicy> = {}, changes: Partial<Application> = {}) => {
  const rig = createRig();
  const tokens = { audience: AUDIENCE, scopes: ['read'], header: 'Authorization', services: true, ...policy };
  rig.applications[0] = { ...rig.applications[0]!, tokens, ...changes };
  return rig;
};
const tokenOf = (claims: object): string =>
  Buffer.from(
    JSON.stringify({ iss: 'https://login.example.com', aud: AUDIENCE, sub: 's-1', preferred_username: 'alice', scope: 'read', ...claims }),
  ).toString('base64url');
const bearer = (claims: object = {}) => ({ Authorization: [`Bearer ${tokenOf(claims)}`] });
const ask = async (rig: ReturnType<typeof createRig>, changes: EventChanges) => {
  const { response, done } = rig.begin(event(changes));
  await done;
  return response;
};
const sentHeader = (rig: ReturnType<typeof createRig>, name: string) =>
  rig.requests()[0]!.headers.find(([known]) => known.toLowerCase() === name)?.[1];

test('a token does instead of a session, and does not reach the application', async () => {
  const rig = rigWith();

  const response = await ask(rig, { headers: bearer() });

  expect(response.status).toBe(200);
  expect(rig.requests()[0]!.user).toBe('alice');
  expect(sentHeader(rig, 'authorization')).toBeUndefined();
});

describe('what programs are told', () => {
  test.each<[string, object, number, string, string]>([
    ['no token', {}, 401, 'ERR_SIGN_IN_REQUIRED', `Bearer resource_metadata="${METADATA}"`],
    [
      'another audience',
      bearer({ aud: 'api://other' }),
      401,
      'ERR_TOKEN_INVALID',
      `Bearer error="invalid_token", resource_metadata="${METADATA}"`,
    ],
    [
      'too little scope',
      bearer({ scope: 'write' }),
      403,
      'ERR_TOKEN_SCOPE',
      `Bearer error="insufficient_scope", scope="read", resource_metadata="${METADATA}"`,
    ],
  ])('%s', async (_, headers, status, code, challenge) => {
    const rig = rigWith();

    const response = await ask(rig, { headers: headers as Record<string, string[]> });

    expect([response.status, JSON.parse(response.body().toString()).code]).toEqual([status, code]);
    expect(response.headerAll('WWW-Authenticate')).toContain(challenge);
    expect(rig.received).toEqual([]);
  });

  test('where to get one (RFC 9728), without signing in', async () => {
    const response = await ask(rigWith(), { path: '/.well-known/oauth-protected-resource' });

    expect(JSON.parse(response.body().toString())).toEqual({
      resource: `https://${HOST}/`,
      authorization_servers: ['https://login.example.com'],
      scopes_supported: ['read'],
      bearer_methods_supported: ['header'],
      resource_name: 'Wiki',
    });
  });

  test('an application that takes none has the well-known path to itself', async () => {
    const response = await ask(createRig(), { path: '/.well-known/oauth-protected-resource' });

    expect(response.status).toBe(401);
  });
});

describe('a bad token is never passed over', () => {
  test('a session beside it does not help', async () => {
    const rig = rigWith();

    const response = await ask(rig, { headers: { ...bearer({ aud: 'api://other' }), Cookie: [rig.signIn()] } });

    expect(response.status).toBe(401);
  });

  test('two of them are refused', async () => {
    const { Authorization } = bearer();

    const response = await ask(rigWith(), { headers: { Authorization: [...Authorization, ...Authorization] } });

    expect(response.status).toBe(400);
  });

  test('conditions hold for tokens too', async () => {
    const conditions = [{ name: 'Browsers only', paths: [], methods: [], require: { by: ['browser' as const] }, refuse: null }];

    expect((await ask(rigWith({}, { conditions }), { headers: bearer() })).status).toBe(403);
    expect((await ask(rigWith({}, { access: { users: ['bob'], groups: [] } }), { headers: bearer() })).status).toBe(403);
  });
});

describe('beside an application that uses Authorization itself', () => {
  const own = { Authorization: ['Basic YTpi'] };

  test('other schemes are the application’s', async () => {
    const rig = rigWith();

    await ask(rig, { headers: { ...own, Cookie: [rig.signIn()] } });

    expect(sentHeader(rig, 'authorization')).toBe('Basic YTpi');
  });

  test('the token comes in a header of its own', async () => {
    const rig = rigWith({ header: 'X-Sallyport-Token' });

    const response = await ask(rig, { headers: { Authorization: ['Bearer the-application-s'], 'X-Sallyport-Token': [tokenOf({})] } });

    expect(response.status).toBe(200);
    expect(sentHeader(rig, 'authorization')).toBe('Bearer the-application-s');
    expect(sentHeader(rig, 'x-sallyport-token')).toBeUndefined();
  });
});

describe('a program that acts for itself', () => {
  test('goes by its client id, which access must name', async () => {
    const claims = { preferred_username: undefined, sub: 'robot-7', client_id: 'robot-7' };
    const rig = rigWith({}, { access: { users: ['client:robot-7'], groups: [] } });

    expect((await ask(rig, { headers: bearer(claims) })).status).toBe(200);
    expect((await ask(rig, { headers: bearer({ ...claims, sub: 'a-user' }) })).status).toBe(403);
  });
});

describe('a service token', () => {
  const headers = { Authorization: [`Bearer sallyport_${SECRET}`] };
  const known = (rig: ReturnType<typeof createRig>, applications = ['wiki']) =>
    rig.serviceTokens.set(digest(SECRET), {
      id: digest(SECRET),
      name: 'ci',
      applications,
      createdAt: 0,
      expiresAt: rig.clock.now() + 1000,
      createdBy: 'ada',
    });

  test('is good for its applications, whoever else may use them', async () => {
    const rig = rigWith({}, { access: { users: ['bob'], groups: [] } });
    known(rig);

    const response = await ask(rig, { headers });

    expect(response.status).toBe(200);
    expect(rig.requests()[0]!.user).toBe('service:ci');
  });

  test.each<[string, Partial<TokenPolicy>, string[] | null]>([
    ['unknown', {}, null],
    ['for another application', {}, ['payroll']],
    ['where none is taken', { services: false }, ['wiki']],
  ])('%s is refused', async (_, policy, applications) => {
    const rig = rigWith(policy);
    if (applications) known(rig, applications);

    const response = await ask(rig, { headers });

    expect([response.status, JSON.parse(response.body().toString()).code]).toEqual([401, 'ERR_TOKEN_INVALID']);
  });
});

describe('a token as the password of HTTP Basic', () => {
  const basic = (password: string, user = 'anyone', scheme = 'Basic') => ({
    Authorization: [`${scheme} ${Buffer.from(`${user}:${password}`).toString('base64')}`],
  });
  const SERVICE = `sallyport_${SECRET}`;
  const withService = (policy: Partial<TokenPolicy> = { basic: true }, changes: Partial<Application> = {}) => {
    const rig = rigWith(policy, changes);
    const id = digest(SECRET);
    rig.serviceTokens.set(id, {
      id,
      name: 'robot',
      applications: ['wiki'],
      createdAt: 0,
      expiresAt: Number.MAX_SAFE_INTEGER,
      createdBy: 'ada',
    });
    return rig;
  };

  test.each<[string, Record<string, string[]>]>([
    ['whatever the user is called', basic(SERVICE)],
    ['without a user', basic(SERVICE, '')],
    ['by a scheme in lower case', basic(SERVICE, 'token', 'basic')],
  ])('does as well, %s, and does not reach the application', async (_, headers) => {
    const rig = withService();

    const response = await ask(rig, { headers });

    expect([response.status, rig.requests()[0]!.user, sentHeader(rig, 'authorization')]).toEqual([200, 'service:robot', undefined]);
  });

  test('does as well where Bearer tokens have a field of their own', async () => {
    const rig = withService({ basic: true, header: 'X-Token' });

    const response = await ask(rig, { headers: basic(SERVICE) });

    expect([response.status, sentHeader(rig, 'authorization')]).toEqual([200, undefined]);
  });

  test('does for WebSockets and uploads, and does not reach the application there', async () => {
    const sockets = withService();
    sockets.behaviours.set('tunnel-a=', ({ frame }, reply) =>
      reply({ type: 'response', exchange: frame.exchange, n: 0, status: 101, headers: [], end: true }),
    );
    const uploads = withService({ basic: true }, { bigUploads: 'on' });
    uploads.behaviours.set('tunnel-a=', playUploads().behaviour);

    const opened = await ask(sockets, {
      ...{ httpMethod: 'POST', path: '/.sallyport/socket', body: JSON.stringify({ url: `wss://${HOST}/live` }) },
      headers: { ...basic(SERVICE), 'Content-Type': ['application/json'] },
    });
    const begun = await ask(uploads, { ...beginning(''), headers: { ...beginning('').headers, ...basic(SERVICE) } });

    expect([opened.status, begun.status]).toEqual([200, 201]);
    for (const rig of [sockets, uploads]) expect(sentHeader(rig, 'authorization')).toBeUndefined();
  });

  test.each<[string, string]>([
    ['a service token that nobody has', `sallyport_${'x'.repeat(43)}`],
    ['what only begins like one', 'sallyport_short'],
    ['a token of the provider’s for another application', tokenOf({ aud: 'api://other' }).replace(/^(.{20})(.{20})/, '$1.$2.')],
  ])('is refused, and counted for its source: %s', async (_, password) => {
    const rig = withService();

    const response = await ask(rig, { headers: { ...basic(password), Cookie: [rig.signIn()] } });

    expect([response.status, JSON.parse(response.body().toString()).code, rig.requests()]).toEqual([401, 'ERR_TOKEN_INVALID', []]);
    expect([...rig.counters.counted.keys()]).toEqual([expect.stringMatching(/^token#/)]);
  });

  test('of a user who is signed in is the application’s own where it is no token, or where it is not said to be one', async () => {
    for (const [policy, password] of [
      [{ basic: true }, 'p:assword'],
      [{ basic: true }, 'three.words.dotted'],
      [{ basic: true }, ''],
      [{}, SERVICE],
    ] as const) {
      const rig = withService(policy);
      const headers = basic(password);

      const response = await ask(rig, { headers: { ...headers, Cookie: [rig.signIn()] } });

      expect([response.status, sentHeader(rig, 'authorization')]).toEqual([200, headers.Authorization[0]]);
    }
  });

  test('beside another token is refused: each reader could take another one', async () => {
    const rig = withService({ basic: true, header: 'X-Token' });

    const response = await ask(rig, { headers: { ...basic(SERVICE), 'X-Token': [tokenOf({})] } });

    expect([response.status, rig.requests()]).toEqual([400, []]);
  });
});
