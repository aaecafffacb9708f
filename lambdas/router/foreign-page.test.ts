// Attack: a page of one published application acts in another one in its user's name (cross-site request forgery). Below one domain all of them are
// one site, so the browser sends the session along with whatever a sibling's page asks for.
import { describe, expect, test } from '@jest/globals';
import { digest } from '../keys.ts';
import type { ApplicationHere } from '../stores/records.ts';
import { application, type EventChanges, HOST } from './testing/records.ts';
import { createRig } from './testing/rig.ts';
import { beginning, playUploads } from './testing/uploads.ts';

const OWN = `https://${HOST}`;
const SIBLING = 'https://shop.apps.example.com';
const ELSEWHERE = 'https://evil.example';
const WILD = 'https://some.wild.example.com';

type Fields = Readonly<Record<string, string>>;

const rigWith = (changes: Partial<ApplicationHere> = {}) => {
  const rig = createRig();
  rig.applications[0] = application({ bigUploads: 'on', ...changes });
  rig.applications.push(application({ id: 'shop', host: 'shop.apps.example.com', internalUrl: 'http://wiki.internal:8080/' }));
  return rig;
};

/** What the user sees, and what the application was asked. */
const ask = async (rig: ReturnType<typeof createRig>, fields: Fields, changes: EventChanges = { httpMethod: 'POST' }) => {
  const told = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, [value]]));
  const response = await rig.answer({ ...changes, headers: { Cookie: [rig.signIn()], ...told, ...changes.headers } });
  const code = response.status === 403 ? JSON.parse(response.body().toString()).code : null;
  return { status: response.status, code, requests: rig.requests() };
};
const REFUSED = { status: 403, code: 'ERR_PAGE_ORIGIN', requests: [] };

describe('what may change something does not reach the application', () => {
  test.each<[string, Fields]>([
    ['a sibling’s form', { 'Sec-Fetch-Site': 'same-site', Origin: SIBLING }],
    ['one whose page hides its origin', { 'Sec-Fetch-Site': 'same-site', Origin: 'null' }],
    ['one without an Origin', { 'Sec-Fetch-Site': 'same-site' }],
    ['one that pretends to be the application’s own', { 'Sec-Fetch-Site': 'same-site', Origin: OWN }],
    ['another site’s', { 'Sec-Fetch-Site': 'cross-site', Origin: ELSEWHERE }],
    ['of an older browser, a sibling’s', { Origin: SIBLING }],
    ['of an older browser, another site’s', { Origin: ELSEWHERE }],
    ['of an older browser, a hidden one', { Origin: 'null' }],
    ['what no browser says', { 'Sec-Fetch-Site': 'whatever' }],
  ])('from %s', async (_, fields) => {
    for (const httpMethod of ['POST', 'PUT', 'PATCH', 'DELETE']) expect(await ask(rigWith(), fields, { httpMethod })).toEqual(REFUSED);
  });

  test.each<[string, EventChanges]>([
    ['a query that asks for a method', { multiValueQueryStringParameters: { _method: ['delete'] } }],
    ['a field that does', { headers: { 'X-HTTP-Method-Override': ['PUT'] } }],
  ])('as a GET with %s', async (_, changes) => {
    expect(await ask(rigWith(), { 'Sec-Fetch-Site': 'same-site' }, changes)).toEqual(REFUSED);
  });

  test('as an upload in parts', async () => {
    const rig = rigWith();
    const begun = beginning(rig.signIn(), { 'Sec-Fetch-Site': ['same-site'], Origin: [SIBLING] });

    expect((await rig.answer(begun)).status).toBe(403);
    expect(rig.requests()).toEqual([]);
  });

  test('with a token that the browser remembers as a password, and sends along by itself', async () => {
    for (const Origin of [SIBLING, ELSEWHERE, 'null']) {
      const rig = rigWith({ tokens: { header: 'X-Token', audience: null, scopes: [], services: true, basic: true } });
      const secret = 's'.repeat(43);
      rig.serviceTokens.set(digest(secret), {
        ...{ id: digest(secret), name: 'nightly', applications: ['wiki'] },
        ...{ createdAt: 0, createdBy: 'ada', expiresAt: Number.MAX_SAFE_INTEGER },
      });
      const headers = { Authorization: [`Basic ${Buffer.from(`a:sallyport_${secret}`).toString('base64')}`] };
      const from = async (fields: EventChanges['headers']) =>
        (await rig.answer({ httpMethod: 'POST', headers: { ...headers, ...fields } })).status;

      expect(await from({ Origin: [Origin] })).toBe(403);
      expect(await from({ Origin: [Origin], 'Sec-Fetch-Site': ['cross-site'] })).toBe(403);
      expect(rig.requests()).toEqual([]);
      expect(await from({})).toBe(200);
    }
  });

  test('from a sibling where everyone passes', async () => {
    const open = { preAuthentication: 'pass-through' } as const;

    expect(await ask(rigWith(open), { 'Sec-Fetch-Site': 'same-site', Origin: SIBLING })).toEqual(REFUSED);
    expect(await ask(rigWith(open), { Origin: SIBLING })).toEqual(REFUSED);
  });
});

describe('it does', () => {
  const arrives = async (fields: Fields, changes: Partial<ApplicationHere> = {}, asked?: EventChanges) => {
    const { status, requests } = await ask(rigWith(changes), fields, asked);
    expect([status, requests.length]).toEqual([200, 1]);
    return new Map(requests[0]!.headers);
  };

  test.each<[string, Fields]>([
    ['its own page', { 'Sec-Fetch-Site': 'same-origin', Origin: OWN }],
    ['its own page that hides its origin', { 'Sec-Fetch-Site': 'same-origin', Origin: 'null' }],
    ['the user', { 'Sec-Fetch-Site': 'none' }],
    ['its own page in an older browser', { Origin: OWN }],
    ['a program', {}],
    ['the portal, with the assertion of a SAML application', { 'Sec-Fetch-Site': 'same-site', Origin: 'https://portal.example.com' }],
  ])('from %s', async (_, fields) => {
    await arrives(fields);
  });

  test('from a page of an application that names it in calls, which is told by its internal name', async () => {
    const headers = await arrives({ 'Sec-Fetch-Site': 'same-site', Origin: SIBLING }, { callers: [HOST, 'shop.apps.example.com'] });

    expect(headers.get('Origin')).toBe('http://wiki.internal:8080');
  });

  const rule = { path: '/', origins: [ELSEWHERE], methods: ['GET', 'POST'], headers: [], credentials: true, maxAgeSeconds: 0 };

  test('from a page of an origin in cors, by the methods and at the paths that it names', async () => {
    const fields = { 'Sec-Fetch-Site': 'cross-site', Origin: ELSEWHERE };

    await arrives(fields, { cors: [rule] });
    expect(await ask(rigWith({ cors: [{ ...rule, methods: ['GET'] }] }), fields)).toEqual(REFUSED);
    expect(await ask(rigWith({ cors: [{ ...rule, path: '/api' }] }), fields)).toEqual(REFUSED);
    expect(await ask(rigWith({ cors: [rule] }), fields, { httpMethod: 'POST', headers: { 'X-HTTP-Method': ['PUT'] } })).toEqual(REFUSED);
  });

  test('between the hosts of one wildcard, but not from a host below it that is another application’s', async () => {
    const asked = async (origin: string) => {
      const rig = createRig();
      rig.applications[0] = application({ host: '*.wild.example.com', internalUrl: 'http://*.corp/' });
      rig.applications.push(application({ id: 'other', host: 'other.wild.example.com' }));
      const host = 'here.wild.example.com';
      const headers = { Cookie: [rig.signIn({ host })], 'Sec-Fetch-Site': ['same-site'], Origin: [origin] };
      return (await rig.answer({ httpMethod: 'POST', host, headers })).status;
    };

    expect(await asked(WILD)).toBe(200);
    expect(await asked('https://other.wild.example.com')).toBe(403);
  });

  test('where the application looks after itself; and it is not told that a sibling is a friend', async () => {
    const headers = await arrives(
      { 'Sec-Fetch-Site': 'same-site', Origin: SIBLING, Referer: `${SIBLING}/cart` },
      { crossOriginRequests: 'allow' },
    );

    expect([headers.get('Origin'), headers.get('Referer')]).toEqual([SIBLING, `${SIBLING}/cart`]);
  });

  test('from elsewhere where everyone passes, as without us', async () => {
    await arrives({ 'Sec-Fetch-Site': 'cross-site', Origin: ELSEWHERE }, { preAuthentication: 'pass-through' });
  });

  test('with a token, which no page has without being allowed to send it', async () => {
    const rig = rigWith({ tokens: { header: 'Authorization', audience: 'api://wiki', scopes: [], services: false } });
    const claims = {
      aud: 'api://wiki',
      iss: 'https://login.example.com',
      sub: 's',
      exp: rig.clock.now() / 1000 + 60,
      preferred_username: 'alice',
    };
    const Authorization = [`Bearer ${Buffer.from(JSON.stringify(claims)).toString('base64url')}`];

    const { status } = await rig.answer({ httpMethod: 'POST', headers: { Authorization, Origin: [ELSEWHERE] } });

    expect(status).toBe(200);
  });

  test.each(['GET', 'HEAD', 'OPTIONS'])('when it is a %s of a sibling’s page', async (httpMethod) => {
    await arrives({ 'Sec-Fetch-Site': 'same-site', Origin: SIBLING }, {}, { httpMethod });
  });

  test('when it is an upload that its own page or a program begins', async () => {
    for (const fields of [{}, { 'Sec-Fetch-Site': ['same-origin'], Origin: [OWN] }] as Record<string, string[]>[]) {
      const rig = rigWith();
      rig.behaviours.set('tunnel-a=', playUploads().behaviour);

      expect((await rig.answer(beginning(rig.signIn(), fields))).status).toBe(201);
    }
  });
});

test('a form that the application waits for comes through, at its path, by its method, from its origin', async () => {
  const rule = { formsFrom: [{ path: '/acs', origins: [SIBLING] }] };
  const form = { 'Sec-Fetch-Site': 'same-site', Origin: SIBLING };

  const taken = await ask(rigWith(rule), form, { httpMethod: 'POST', path: '/acs' });

  expect([taken.status, taken.requests.length]).toEqual([200, 1]);
  expect(await ask(rigWith(rule), form, { httpMethod: 'POST', path: '/acs/more' })).toEqual(REFUSED);
  expect(await ask(rigWith(rule), form, { httpMethod: 'PUT', path: '/acs' })).toEqual(REFUSED);
  expect(await ask(rigWith(rule), { ...form, Origin: ELSEWHERE }, { httpMethod: 'POST', path: '/acs' })).toEqual(REFUSED);
});
