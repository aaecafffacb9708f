import { describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';
import { createLog } from '../../protocol/log.ts';
import { frameSecret, ticketKey } from '../keys.ts';
import { application } from '../router/testing/records.ts';
import { signSocketTicket, signTicket } from '../router/ticket.ts';
import { policyVersion } from '../stores/policy-version.ts';
import type { ServiceToken, Session } from '../stores/records.ts';
import type { OpenSocket } from '../stores/sockets.ts';
import { createAuthorizeLink } from './authorize-link.ts';

const NOW = Date.UTC(2026, 10, 24);
const KEY = ticketKey('master key');
const ARN = 'arn:aws:execute-api:eu-central-1:123456789012:abc/v1/$connect';

const NO_USERS = {
  sockets: { takeTicket: async () => false, save: async () => undefined },
  sessions: { find: async () => null },
  directory: { applicationsOn: async () => [] },
  serviceTokens: { find: async () => null },
};
const USER = { issuer: 'i', subject: 's', username: 'alice', name: '', email: '', groups: ['staff'], claims: {}, amr: [] };

const prepare = () => {
  const lines: string[] = [];
  const taken = new Set<string>();
  const ended = new Set<string>();
  const saved: OpenSocket[] = [];
  const published = [application({ id: 'chat', host: 'chat.apps.example.com' })];
  const users = new Map([['session-1', USER]]);
  const tokens = new Set(['token-1']);
  const authorize = createAuthorizeLink({
    key: async () => KEY,
    sockets: { takeTicket: async (id) => !taken.has(id) && Boolean(taken.add(id)), save: async (socket) => void saved.push(socket) },
    sessions: {
      find: async (id) =>
        ended.has(id)
          ? null
          : ({ id, user: users.get(id) ?? USER, ...(id === 'session-idle' && { idleMs: 60_000 }) } as unknown as Session),
    },
    directory: { applicationsOn: async (host) => published.filter((known) => known.host === host) },
    serviceTokens: { find: async (id) => (tokens.has(id) ? ({ id } as ServiceToken) : null) },
    now: () => NOW,
    log: createLog({ write: (line) => lines.push(line), now: () => NOW }),
  });
  return {
    lines,
    ended,
    saved,
    published,
    users,
    tokens,
    ask: (ticket: string, methodArn = ARN) =>
      authorize({ methodArn, queryStringParameters: { ticket }, requestContext: { connectionId: 'link-1' } }),
  };
};

const ticket = (
  { alg = 'HS256', typ = 'reply+jwt', aud = 'sallyport:reply', sub = 'router', iat = 0, life = 30 } = {},
  key: Uint8Array = KEY,
) => {
  const at = NOW / 1000 + iat;
  return new SignJWT()
    .setProtectedHeader({ alg, typ })
    .setAudience(aud)
    .setSubject(sub)
    .setIssuedAt(at)
    .setExpirationTime(at + life)
    .sign(key);
};

test('a router’s ticket opens exactly this API’s $connect', async () => {
  const { ask } = prepare();

  expect(await ask(await signTicket(KEY, NOW))).toEqual({
    principalId: 'router',
    policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: ARN }] },
  });
});

describe('401, and a log line without the ticket', () => {
  test.each<[string, Promise<string> | string]>([
    ['no ticket', ''],
    ['no JWT', 'abc'],
    ['another master key', ticket({}, ticketKey('another'))],
    ['a frame key: each purpose has its own', ticket({}, frameSecret('master key', 'connector'))],
    ['JWT algorithm confusion: another HMAC', ticket({ alg: 'HS512' })],
    [
      'JWT algorithm confusion: none',
      new UnsecuredJWT()
        .setAudience('sallyport:reply')
        .setSubject('router')
        .setIssuedAt(NOW / 1000)
        .setExpirationTime(NOW / 1000 + 30)
        .encode(),
    ],
    ['another type', ticket({ typ: 'JWT' })],
    ['another audience', ticket({ aud: 'sallyport:example:tunnel' })],
    ['another subject', ticket({ sub: 'connector' })],
    ['one that has expired', ticket({ iat: -40 })],
    ['one that lives longer than a minute', ticket({ life: 61 })],
    ['one from the future', ticket({ iat: 30 })],
    [
      'one without expiry',
      new SignJWT()
        .setProtectedHeader({ alg: 'HS256', typ: 'reply+jwt' })
        .setAudience('sallyport:reply')
        .setSubject('router')
        .setIssuedAt(NOW / 1000)
        .sign(KEY),
    ],
    [
      'one without issue time',
      new SignJWT()
        .setProtectedHeader({ alg: 'HS256', typ: 'reply+jwt' })
        .setAudience('sallyport:reply')
        .setSubject('router')
        .setExpirationTime(NOW / 1000 + 30)
        .sign(KEY),
    ],
  ])('%s', async (_, offered) => {
    const { ask, lines } = prepare();
    const text = await offered;

    await expect(ask(text)).rejects.toThrow(/^Unauthorized$/);

    expect(lines).toHaveLength(1);
    if (text.length > 10) expect(lines[0]).not.toContain(text);
  });

  test('a ticket signed by an asymmetric key that it names itself', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const at = NOW / 1000;
    const forged = await new SignJWT()
      .setProtectedHeader({ alg: 'ES256', typ: 'reply+jwt', jwk: await exportJWK(publicKey) })
      .setAudience('sallyport:reply')
      .setSubject('router')
      .setIssuedAt(at)
      .setExpirationTime(at + 30)
      .sign(privateKey);

    await expect(prepare().ask(forged)).rejects.toThrow(/^Unauthorized$/);
  });

  test('two tickets', async () => {
    const good = await signTicket(KEY, NOW);
    const authorize = createAuthorizeLink({
      ...NO_USERS,
      key: async () => KEY,
      now: () => NOW,
      log: createLog({ write: () => undefined }),
    });

    const asked = authorize({
      methodArn: ARN,
      queryStringParameters: { ticket: good },
      multiValueQueryStringParameters: { ticket: [good, good] },
    });

    await expect(asked).rejects.toThrow(/^Unauthorized$/);
  });

  test.each([
    'arn:aws:execute-api:eu-central-1:123456789012:abc/v1/*',
    'arn:aws:execute-api:eu-central-1:123456789012:*/v1/$connect',
    'arn:aws:execute-api:eu-central-1:123456789012:abc/v1/whoami',
  ])('an ARN that is not one $connect: %s', async (arn) => {
    await expect(prepare().ask(await signTicket(KEY, NOW), arn)).rejects.toThrow(/^Unauthorized$/);
  });
});

test('a key that cannot be read refuses with its own error, never lets anyone in', async () => {
  const authorize = createAuthorizeLink({
    ...NO_USERS,
    key: () => Promise.reject(new SallyportError('ERR_STORE_UNAVAILABLE')),
    now: () => NOW,
    log: createLog({ write: () => undefined }),
  });

  await expect(authorize({ methodArn: ARN, queryStringParameters: { ticket: await signTicket(KEY, NOW) } })).rejects.toMatchObject({
    code: 'ERR_STORE_UNAVAILABLE',
  });
});

describe('a user’s ticket', () => {
  const chat = application({ id: 'chat', host: 'chat.apps.example.com' });
  const place = { application: 'chat', at: { host: chat.host, path: chat.path } };
  const link = { exchange: 'exchange-1', connector: 'c1', group: 'office', tunnel: 't1', keysApart: true as const, link: 2 };
  const bare = { id: 'ticket-00000001', ...link, ...place, policy: policyVersion(chat, null) };
  const bound = { ...bare, policy: policyVersion(chat, USER), session: 'session-1', parent: 'portal-1' };
  const context = { ...link, application: 'chat' };

  test('opens one connection, whose messages say what it is for, and which whoever ends the session finds', async () => {
    const { ask, saved } = prepare();

    const answer = await ask(await signSocketTicket(KEY, NOW, bound));

    expect([answer.principalId, answer.context]).toEqual(['user', { ...context, session: 'session-1', parent: 'portal-1' }]);
    expect(saved).toEqual([
      {
        exchange: 'exchange-1',
        application: 'chat',
        session: 'session-1',
        parent: 'portal-1',
        token: null,
        link: 2,
        connectionId: 'link-1',
      },
    ]);
  });

  test('of a program, or of anybody where everyone passes, is found by its application', async () => {
    const { ask, saved } = prepare();

    const answer = await ask(await signSocketTicket(KEY, NOW, { ...bare, token: 'token-1' }));

    expect(answer.context).toEqual(context);
    expect(saved).toEqual([
      { exchange: 'exchange-1', application: 'chat', session: null, parent: null, token: 'token-1', link: 2, connectionId: 'link-1' },
    ]);
  });

  test('says after what time of no use its session ends, where it does', async () => {
    const answer = await prepare().ask(await signSocketTicket(KEY, NOW, { ...bound, session: 'session-idle' }));

    expect(answer.context).toMatchObject({ session: 'session-idle', idle: 60_000 });
  });

  test('is refused the second time', async () => {
    const { ask } = prepare();
    const signed = await signSocketTicket(KEY, NOW, bound);
    await ask(signed);

    await expect(ask(signed)).rejects.toThrow('Unauthorized');
  });

  type Bench = ReturnType<typeof prepare>;
  test.each<[string, (bench: Bench) => unknown]>([
    ['the session has ended', ({ ended }) => ended.add('session-1')],
    ['the user is another one to the provider', ({ users }) => users.set('session-1', { ...USER, groups: [] })],
    ['others may use the application', ({ published }) => published.splice(0, 1, { ...chat, access: { users: ['bob'], groups: [] } })],
    [
      'a condition is there',
      ({ published }) =>
        published.splice(0, 1, { ...chat, conditions: [{ name: 'c', paths: [], methods: [], require: null, refuse: {} }] }),
    ],
    ['it is published elsewhere', ({ published }) => published.splice(0, 1, { ...chat, host: 'talk.apps.example.com' })],
    ['another application is there', ({ published }) => published.splice(0, 1, { ...chat, id: 'talk' })],
    ['nothing is there', ({ published }) => published.splice(0, 1)],
  ])('is refused when, since it was given, %s; whoever brought that about finds the entry', async (_, change) => {
    const bench = prepare();
    change(bench);

    await expect(bench.ask(await signSocketTicket(KEY, NOW, bound))).rejects.toThrow('Unauthorized');
    expect(bench.saved).toHaveLength(1);
  });

  test('is good where the application has changed in what nobody decides on', async () => {
    const { ask, published } = prepare();
    published.splice(0, 1, { ...chat, name: 'Talk', timeoutMs: 1 });

    expect((await ask(await signSocketTicket(KEY, NOW, bound))).principalId).toBe('user');
  });

  test('is refused when its service token has been revoked since', async () => {
    const { ask, tokens } = prepare();
    tokens.clear();

    await expect(ask(await signSocketTicket(KEY, NOW, { ...bare, token: 'token-1' }))).rejects.toThrow('Unauthorized');
  });

  test('is refused when it does not say what it is for', async () => {
    const { ask } = prepare();

    await expect(ask(await ticket({ sub: 'user' }))).rejects.toThrow('Unauthorized');
  });
});
