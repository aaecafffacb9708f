import { describe, expect, test } from '@jest/globals';
import type { ApplicationHere, CorsRule } from '../stores/records.ts';
import { application, type EventChanges, event, HOST } from './testing/records.ts';
import { type Behaviour, createRig } from './testing/rig.ts';

const SHOP = 'https://shop.example.com';
const rule = (changes: Partial<CorsRule> = {}): CorsRule => ({
  path: '/',
  origins: [SHOP],
  methods: ['GET', 'POST'],
  headers: ['content-type', 'x-shop-*'],
  credentials: true,
  maxAgeSeconds: 600,
  ...changes,
});

const rigWith = (changes: Partial<ApplicationHere> = {}) => {
  const rig = createRig();
  rig.applications[0] = application({ cors: [rule()], ...changes });
  return rig;
};
type Rig = ReturnType<typeof createRig>;

const ask = async (rig: Rig, changes: EventChanges) => {
  const { response, done } = rig.begin(event(changes));
  await done;
  return response;
};
const preflight = (rig: Rig, headers: Record<string, string> = {}, changes: EventChanges = {}) =>
  ask(rig, {
    httpMethod: 'OPTIONS',
    ...changes,
    headers: Object.fromEntries(
      Object.entries({ Origin: SHOP, 'Access-Control-Request-Method': 'GET', ...headers }).map(([name, value]) => [name, [value]]),
    ),
  });
const said = (response: Awaited<ReturnType<typeof ask>>) =>
  Object.fromEntries(
    response.headers
      .filter(([name]) => /^(?:access-control-|vary)/i.test(name))
      .map(([name, value]) => [name.toLowerCase().replace('access-control-', ''), value]),
  );
const answerWith =
  (...headers: [string, string][]): Behaviour =>
  ({ frame }, reply) => {
    if (frame.type === 'request') reply({ type: 'response', exchange: frame.exchange, n: 0, status: 200, headers, end: true });
  };

describe('a preflight', () => {
  test('is answered by the rule, without a session and without the application', async () => {
    const rig = rigWith();

    const response = await preflight(rig, {
      'Access-Control-Request-Method': 'PUT',
      'Access-Control-Request-Headers': 'x-shop-id, Content-Type, authorization',
    });

    expect(response.status).toBe(204);
    expect(said(response)).toEqual({
      'allow-origin': SHOP,
      'allow-credentials': 'true',
      'allow-methods': 'GET, POST',
      'allow-headers': 'x-shop-id, content-type',
      'max-age': '600',
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    });
    expect(rig.received).toEqual([]);
    expect(rig.logged('request.answered')).toMatchObject([{ answer: 'preflight', status: 204 }]);
  });

  test('without credentials in its rule does not allow them', async () => {
    const response = await preflight(rigWith({ cors: [rule({ credentials: false })] }));

    expect(said(response)).not.toHaveProperty('allow-credentials');
  });

  test('of two rules the one with the longer path decides', async () => {
    const rig = rigWith({ cors: [rule({ methods: ['DELETE'] }), rule({ path: '/api/', methods: ['GET'] })] });

    expect(said(await preflight(rig, {}, { path: '/api/x' }))['allow-methods']).toBe('GET');
    expect(said(await preflight(rig, {}, { path: '/other' }))['allow-methods']).toBe('DELETE');
  });

  test('a rule’s path counts from the application’s own', async () => {
    const rig = rigWith({ path: '/wiki/', cors: [rule({ path: '/api' })] });

    expect((await preflight(rig, {}, { path: '/wiki/api/x' })).status).toBe(204);
    expect((await preflight(rig, {}, { path: '/wiki/api' })).status).toBe(204);
    expect((await preflight(rig, {}, { path: '/wiki/apiary' })).status).toBe(403);
    expect((await preflight(rig, {}, { path: '/api/x' })).status).toBe(404);
  });

  test.each([
    ['another origin', { Origin: 'https://evil.example' }],
    ['null', { Origin: 'null' }],
    ['a subdomain of a listed one', { Origin: 'https://x.shop.example.com' }],
    ['a listed one as a prefix', { Origin: 'https://shop.example.com.evil.example' }],
    ['a listed one in another scheme', { Origin: 'http://shop.example.com' }],
    ['a listed one with a port', { Origin: 'https://shop.example.com:8443' }],
    ['a listed one in capitals', { Origin: 'https://SHOP.example.com' }],
    ['a listed one with a slash', { Origin: 'https://shop.example.com/' }],
    ['the application’s own', { Origin: `https://${HOST}` }],
    ['an asterisk', { Origin: '*' }],
  ])('of %s is refused, and nothing is said to it', async (_, headers) => {
    const rig = rigWith();

    const response = await preflight(rig, headers);

    expect(response.status).toBe(403);
    expect(JSON.parse(response.body().toString()).code).toBe('ERR_PREFLIGHT_REFUSED');
    expect(said(response)).toEqual({ vary: 'Origin' });
    expect(rig.received).toEqual([]);
  });

  test('with two origins is of none', async () => {
    const rig = rigWith();

    const response = await ask(rig, {
      httpMethod: 'OPTIONS',
      headers: { Origin: [SHOP, 'https://evil.example'], 'Access-Control-Request-Method': ['GET'] },
    });

    expect(response.status).toBe(401);
    expect(said(response)).toEqual({ vary: 'Origin' });
  });

  test.each(['/api/..%2fadmin', '/api/%2e%2e/admin', '/api;x=/../admin', '/api/..\\admin', '/%61pi/x', '/API/x'])(
    'below a rule’s path for some servers only (%s) is not below it',
    async (path) => {
      const rig = rigWith({ cors: [rule({ path: '/api/' })] });

      const response = await preflight(rig, {}, { path });

      expect(response.status).toBe(403);
    },
  );

  test.each(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND'])(
    'opens nothing but itself: %s with its fields and without a session reaches nothing',
    async (httpMethod) => {
      const rig = rigWith();

      const response = await preflight(rig, {}, { httpMethod });

      expect(response.status).toBe(401);
      expect(rig.received).toEqual([]);
    },
  );

  test('OPTIONS without its fields is a request like any other', async () => {
    const rig = rigWith();

    const anonymous = await ask(rig, { httpMethod: 'OPTIONS', headers: { Origin: [SHOP] } });
    await rig.ask({ httpMethod: 'OPTIONS' });

    expect(anonymous.status).toBe(401);
    expect(rig.requests().map(({ method }) => method)).toEqual(['OPTIONS']);
  });

  test('with a session and without a rule is the application’s to answer', async () => {
    const rig = rigWith({ cors: [] });

    await rig.ask({ httpMethod: 'OPTIONS', headers: { Cookie: [rig.signIn()], Origin: [SHOP], 'Access-Control-Request-Method': ['GET'] } });

    expect(rig.requests()).toHaveLength(1);
  });

  test('to an application without sign-in is its own to answer, where no rule does', async () => {
    const rig = rigWith({ preAuthentication: 'pass-through' });

    expect((await preflight(rig, { Origin: 'https://other.example' })).status).toBe(200);
    expect((await preflight(rig)).status).toBe(204);
    expect(rig.requests()).toHaveLength(1);
  });

  test('header names and methods that are none are not said again', async () => {
    const rig = rigWith({ cors: [], callers: ['shop.apps.example.com'] });

    const response = await preflight(rig, {
      Origin: 'https://shop.apps.example.com',
      'Access-Control-Request-Method': 'GET, X',
      'Access-Control-Request-Headers': 'x-ok,bad name,a;b,,',
    });

    expect(said(response)).toMatchObject({ 'allow-headers': 'x-ok' });
    expect(said(response)).not.toHaveProperty('allow-methods');
  });
});

describe('an answer to a script of a listed origin', () => {
  const asked = (rig: Rig, headers: Record<string, readonly string[]> = {}) =>
    rig.ask({ headers: { Cookie: [rig.signIn()], Origin: [SHOP], ...headers } }).then(({ response }) => response);

  test('says so, and that another origin may get another answer', async () => {
    expect(said(await asked(rigWith()))).toEqual({ 'allow-origin': SHOP, 'allow-credentials': 'true', vary: 'Origin' });
  });

  test('of the application’s own is left alone where it speaks for itself', async () => {
    const rig = rigWith();
    rig.behaviours.set('tunnel-a=', answerWith(['Access-Control-Allow-Origin', '*'], ['Vary', 'Accept']));

    expect(said(await asked(rig))).toEqual({ 'allow-origin': '*', vary: 'Accept' });
  });

  test('says once that it varies', async () => {
    const rig = rigWith();
    rig.behaviours.set('tunnel-a=', answerWith(['Vary', 'Accept-Encoding, origin']));

    const response = await asked(rig);

    expect(response.headerAll('vary')).toEqual(['Accept-Encoding, origin']);
    expect(response.header('access-control-allow-origin')).toBe(SHOP);
  });

  test('is not said to any other origin, nor to none; caches learn that it varies', async () => {
    expect(said(await asked(rigWith(), { Origin: ['https://evil.example'] }))).toEqual({ vary: 'Origin' });
    expect(said(await asked(rigWith(), { Origin: ['null'] }))).toEqual({ vary: 'Origin' });
    expect(said(await asked(rigWith(), { Origin: [] }))).toEqual({ vary: 'Origin' });
  });

  test('of an application without rules and callers has nothing added', async () => {
    expect(said(await asked(rigWith({ cors: [] })))).toEqual({});
  });

  test('of our own can be read by it: that it must sign in, and where', async () => {
    const response = await ask(rigWith(), { headers: { Origin: [SHOP] } });

    expect(response.status).toBe(401);
    expect(said(response)).toEqual({
      'allow-origin': SHOP,
      'allow-credentials': 'true',
      'expose-headers': 'Sallyport-Sign-In, WWW-Authenticate, Retry-After',
      vary: 'Origin',
    });
  });

  test('that it has no access, or that the application is away, can be read too', async () => {
    const denied = await asked(rigWith({ access: { users: ['bob'], groups: [] } }));
    const away = rigWith();
    away.tunnels.length = 0;

    expect([denied.status, said(denied)['allow-origin']]).toEqual([403, SHOP]);
    const offline = await asked(away);
    expect([offline.status, said(offline)['allow-origin']]).toEqual([503, SHOP]);
  });

  test('that leads to the application’s path with its slash can be followed', async () => {
    const response = await ask(rigWith({ path: '/wiki/' }), { path: '/wiki', headers: { Origin: [SHOP] } });

    expect([response.status, said(response)['allow-origin']]).toEqual([308, SHOP]);
  });
});

describe('applications that call each other', () => {
  const wiki = 'https://wiki2.apps.example.com';
  const called = () => rigWith({ cors: [], callers: ['wiki2.apps.example.com', 'people.example.com'] });

  test('a preflight from a host of a caller is allowed whatever it asks for', async () => {
    const response = await preflight(called(), {
      Origin: wiki,
      'Access-Control-Request-Method': 'PROPFIND',
      'Access-Control-Request-Headers': 'Authorization,x-anything',
    });

    expect(said(response)).toMatchObject({
      'allow-origin': wiki,
      'allow-credentials': 'true',
      'allow-methods': 'PROPFIND',
      'allow-headers': 'authorization, x-anything',
    });
  });

  test.each(['http://wiki2.apps.example.com', 'https://wiki2.apps.example.com:444', 'https://other.apps.example.com', 'null'])(
    'from %s it is not',
    async (origin) => {
      const response = await preflight(called(), { Origin: origin });

      expect(response.status).toBe(403);
      expect(said(response)).toEqual({ vary: 'Origin' });
    },
  );

  test('a rule that names the caller goes before', async () => {
    const rig = rigWith({ cors: [rule({ origins: [wiki], methods: ['GET'] })], callers: ['wiki2.apps.example.com'] });

    expect(said(await preflight(rig, { Origin: wiki, 'Access-Control-Request-Method': 'DELETE' }))['allow-methods']).toBe('GET');
  });
});
