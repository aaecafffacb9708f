import { describe, expect, test } from '@jest/globals';
import { disguises } from '../../policy/testing/disguises.ts';
import { digest } from '../keys.ts';
import type { SignInCode } from '../stores/records.ts';
import type { RecordedResponse } from './testing/recorded-response.ts';
import { application, type EventChanges, HOST, session, user } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

const PAGE = { 'Sec-Fetch-Mode': ['navigate'], Accept: ['text/html'] };
const CODE = 'c'.repeat(43);
const BROWSER = 'b'.repeat(43);

const cookieIn = (response: RecordedResponse, name: string): string | undefined =>
  response.headerAll('Set-Cookie').find((cookie) => cookie.startsWith(`${name}=`));

describe('without a session', () => {
  test('a page load is sent to the portal with the way back, bound to this browser', async () => {
    const response = await createRig().answer({ path: '/a%2Fb', multiValueQueryStringParameters: { q: ['1 2'] }, headers: PAGE });

    const location = new URL(response.header('Location')!);
    const secret = /^__Host-sallyport-sign-in=([\w-]{43});/.exec(cookieIn(response, '__Host-sallyport-sign-in')!)![1]!;
    expect(response.status).toBe(302);
    expect(location.origin + location.pathname).toBe('https://portal.example.com/sign-in');
    expect(Object.fromEntries(location.searchParams)).toEqual({ to: `https://${HOST}/a%2Fb?q=1%202`, challenge: digest(secret) });
    expect(cookieIn(response, '__Host-sallyport-sign-in')).toMatch(/; Path=\/; Max-Age=600; Secure; HttpOnly; SameSite=Lax$/);
    expect(response.header('Cache-Control')).toBe('no-store');
  });

  test('a script gets 401 with the address, never a redirect (oauth2-proxy#822)', async () => {
    const response = await createRig().answer({ headers: { 'Sec-Fetch-Mode': ['cors'], Accept: ['text/html'] } });

    expect(response.status).toBe(401);
    expect(JSON.parse(response.body().toString())).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED', status: 401 });
    expect(response.header('Sallyport-Sign-In')).toMatch(/^https:\/\/portal\.example\.com\/sign-in\?challenge=[\w-]{43}&to=/);
    expect(response.header('WWW-Authenticate')).toBe('Sallyport');
  });

  test.each<[string, EventChanges, number]>([
    ['an old browser’s GET for HTML', { headers: { Accept: ['text/html,*/*'] } }, 302],
    ['a GET for anything', { headers: { Accept: ['*/*'] } }, 401],
    ['a POST for HTML', { httpMethod: 'POST', headers: { Accept: ['text/html'] } }, 401],
    ['a form of who knows whom', { httpMethod: 'POST', headers: { 'Sec-Fetch-Mode': ['navigate'] } }, 403],
    ['a HEAD for HTML', { httpMethod: 'HEAD', headers: { Accept: ['text/html'] } }, 302],
  ])('%s: %s', async (_, changes, status) => {
    expect((await createRig().answer(changes)).status).toBe(status);
  });

  test('cookie flood (oauth2-proxy#2163): two hundred requests leave the one cookie that is there', async () => {
    const rig = createRig();
    const secrets = new Set<string>();

    for (let request = 0; request < 200; request += 1) {
      const response = await rig.answer({ headers: { ...PAGE, Cookie: [`__Host-sallyport-sign-in=${BROWSER}`] } });
      for (const cookie of response.headerAll('Set-Cookie')) secrets.add(cookie.split(';')[0]!);
    }

    expect([...secrets]).toEqual([`__Host-sallyport-sign-in=${BROWSER}`]);
  });

  test('cookie flood (oauth2-proxy#2383): two hundred requests at once, none of which has a cookie yet, leave one in the browser', async () => {
    const rig = createRig();
    const requests = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? PAGE : { 'Sec-Fetch-Mode': ['cors'] }));

    const responses = await Promise.all(requests.map((headers) => rig.answer({ headers })));

    // A browser keeps one cookie of a name, host and path.
    const jar = new Map(responses.flatMap((response) => response.headerAll('Set-Cookie')).map((cookie) => [cookie.split('=')[0]!, cookie]));
    expect([...jar.keys()]).toEqual(['__Host-sallyport-sign-in']);
    expect(jar.get('__Host-sallyport-sign-in')!.length).toBeLessThan(200);
  });

  test('a way back that is too long for others’ header limits leads to the application’s first page', async () => {
    const response = await createRig().answer({ multiValueQueryStringParameters: { q: ['x'.repeat(4_000)] }, headers: PAGE });

    expect(new URL(response.header('Location')!).searchParams.get('to')).toBe(`https://${HOST}/`);
  });

  test.each(['//evil.example/', '/\\evil.example/'])('open redirect: %s is no way back', async (path) => {
    const response = await createRig().answer({ path, headers: PAGE });

    expect(new URL(response.header('Location')!).searchParams.get('to')).toBe(`https://${HOST}/`);
  });

  test.each(['/.well-known/acme-challenge/x', '/favicon.ico', '/health', '/ping'])(
    'well-known bypass (oauth2-proxy CVE-2026-34457): %s is no exception',
    async (path) => {
      const rig = createRig();

      const response = await rig.answer({ path, headers: { 'User-Agent': ['ELB-HealthChecker/2.0'] } });

      expect(response.status).toBe(401);
      expect(rig.received).toEqual([]);
    },
  );
});

describe('back with a code', () => {
  const prepare = (changes: Partial<SignInCode> = {}) => {
    const rig = createRig();
    rig.sessions.set(
      'portal-1',
      session({
        id: 'portal-1',
        parent: 'portal-1',
        host: null,
        user: user({ username: 'bob' }),
        expiresAt: rig.clock.now() + 60_000,
        idToken: 'secret',
      }),
    );
    const code = {
      id: digest(CODE),
      parent: 'portal-1',
      host: HOST,
      challenge: digest(BROWSER),
      returnHost: HOST,
      returnTo: '/a%2Fb?q=1',
      visits: [],
      visited: 0,
      expiresAt: rig.clock.now() + 1_000,
      ...changes,
    };
    rig.codes.set(code.id, code);
    return rig;
  };
  const back = (changes: EventChanges = {}): EventChanges => ({
    path: '/.sallyport/session',
    multiValueQueryStringParameters: { code: [CODE] },
    headers: { Cookie: [`__Host-sallyport-sign-in=${BROWSER}`], ...PAGE },
    ...changes,
  });

  test('the browser that began gets a session of this host and is sent where it wanted to go', async () => {
    const rig = prepare();

    const response = await rig.answer(back());

    const secret = /^__Host-sallyport-session=([\w-]{43});/.exec(cookieIn(response, '__Host-sallyport-session')!)![1]!;
    expect(response.status).toBe(303);
    expect(response.header('Location')).toBe(`https://${HOST}/a%2Fb?q=1`);
    expect(cookieIn(response, '__Host-sallyport-session')).toMatch(/; Path=\/; Max-Age=60; Secure; HttpOnly; SameSite=Lax$/);
    expect(rig.sessions.get(digest(secret))).toEqual({
      id: digest(secret),
      parent: 'portal-1',
      host: HOST,
      mfa: false,
      authenticatedAt: null,
      user: user({ username: 'bob' }),
      createdAt: rig.clock.now(),
      expiresAt: rig.clock.now() + 60_000,
    });
  });

  test('the code is good once', async () => {
    const rig = prepare();

    await rig.answer(back());
    const again = await rig.answer(back());

    expect(again.status).toBe(400);
    expect(cookieIn(again, '__Host-sallyport-session')).toBeUndefined();
  });

  test('session fixation (oauth2-proxy GHSA-f24x-5g9q-753f): a session that was there before is not taken over', async () => {
    const rig = prepare();
    const planted = 'p'.repeat(43);

    const response = await rig.answer(
      back({ headers: { Cookie: [`__Host-sallyport-sign-in=${BROWSER}; __Host-sallyport-session=${planted}`] } }),
    );

    expect(response.status).toBe(303);
    expect(cookieIn(response, '__Host-sallyport-session')).not.toContain(planted);
    expect(rig.sessions.has(digest(planted))).toBe(false);
  });

  test.each<[string, Partial<SignInCode>, EventChanges, number]>([
    ['for another host', { host: 'other.apps.example.com' }, {}, 400],
    ['that has expired', { expiresAt: 0 }, {}, 400],
    ['whose portal session has ended', { parent: 'portal-2' }, {}, 400],
    ['that is unknown', {}, { multiValueQueryStringParameters: { code: ['d'.repeat(43)] } }, 400],
    ['that is given twice', {}, { multiValueQueryStringParameters: { code: [CODE, CODE] } }, 400],
    ['that is missing', {}, { multiValueQueryStringParameters: null }, 400],
    ['that comes by POST', {}, { httpMethod: 'POST' }, 405],
    ['that comes by HEAD', {}, { httpMethod: 'HEAD' }, 405],
  ])('a code %s is refused', async (_, code, changes, status) => {
    const rig = prepare(code);

    const response = await rig.answer(back(changes));

    expect(response.status).toBe(status);
    expect(response.headerAll('Set-Cookie')).toEqual([]);
  });

  test.each(['', 'c'.repeat(42), 'c'.repeat(44), `${'c'.repeat(42)}.`])(
    'a code %j, which we never made, costs no look-up',
    async (code) => {
      const rig = prepare();

      const response = await rig.answer(back({ multiValueQueryStringParameters: { code: [code] } }));

      expect([response.status, rig.reads.sessions]).toEqual([400, 0]);
    },
  );

  test('a code does not lead to what is no host, even where the directory has one of that name', async () => {
    const odd = `${HOST}:443@evil.example`;
    const rig = prepare({ returnHost: odd });
    rig.applications.push(application({ id: 'odd', host: odd }));

    const response = await rig.answer(back());

    expect([response.status, response.header('Location')]).toEqual([400, null]);
  });

  test.each<[string, number, number, number, readonly string[]]>([
    ['code', 0, 60_000, 400, []],
    ['code', 1, 60_000, 303, ['60']],
    ['portal session', 1_000, 0, 400, []],
    ['portal session', 1_000, 1, 303, ['0']],
    ['portal session', 1_000, 1_000, 303, ['1']],
  ])('is over in the very moment in which the %s ends: %d ms, %d ms', async (_, codeMs, sessionMs, status, maxAge) => {
    const rig = prepare();
    const now = rig.clock.now();
    rig.codes.set(digest(CODE), { ...rig.codes.get(digest(CODE))!, expiresAt: now + codeMs });
    rig.sessions.set('portal-1', { ...rig.sessions.get('portal-1')!, expiresAt: now + sessionMs });
    const before = rig.sessions.size;

    const response = await rig.answer(back());

    expect([response.status, rig.sessions.size - before]).toEqual([status, maxAge.length]);
    expect(response.headerAll('Set-Cookie').map((cookie) => /Max-Age=(\d+)/.exec(cookie)?.[1])).toEqual(maxAge);
  });

  test('tabs that began at once: whose cookie another tab has replaced begins anew, and a code of another browser gives nothing', async () => {
    const rig = prepare();
    const sessions = rig.sessions.size;

    const response = await rig.answer(back({ headers: { Cookie: [`__Host-sallyport-sign-in=${'x'.repeat(43)}`], ...PAGE } }));
    const again = await rig.answer({ path: '/a%2Fb', headers: { Cookie: [`__Host-sallyport-sign-in=${'x'.repeat(43)}`], ...PAGE } });

    expect([response.status, response.header('Location')]).toEqual([303, `https://${HOST}/a%2Fb?q=1`]);
    expect([response.headerAll('Set-Cookie'), rig.sessions.size]).toEqual([[], sessions]);
    expect(new URL(again.header('Location')!).searchParams.get('challenge')).toBe(digest('x'.repeat(43)));
  });

  test('a second tab that comes back with the same cookie is signed in as well', async () => {
    const rig = prepare();
    const [first] = [...rig.codes.values()];
    rig.codes.set(digest('e'.repeat(43)), { ...first!, id: digest('e'.repeat(43)) });

    await rig.answer(back());
    const second = await rig.answer(back({ multiValueQueryStringParameters: { code: ['e'.repeat(43)] } }));

    expect(second.status).toBe(303);
    expect(cookieIn(second, '__Host-sallyport-session')).toBeDefined();
  });

  test('a browser that keeps no cookies comes to a page that says so, after one round', async () => {
    const response = await prepare().answer(back({ headers: PAGE }));

    expect([response.status, response.header('Location')]).toEqual([400, null]);
    expect(response.body().toString()).toContain('your browser keeps no cookies');
  });

  test.each([[], ['__Host-sallyport-sign-in=short'], [`__Host-sallyport-sign-in=${BROWSER}; __Host-sallyport-sign-in=${BROWSER}`]])(
    'a visitor without the browser’s cookie (%j) does not use the code up',
    async (...cookies) => {
      const rig = prepare();

      const response = await rig.answer(back({ headers: cookies.length > 0 ? { Cookie: cookies } : {} }));

      expect(response.status).toBe(400);
      expect(rig.codes.size).toBe(1);
    },
  );

  test('of a sign-in that passes through further hosts leads to the first of them, and that to the next', async () => {
    const rig = prepare({ visits: ['orders.apps.example.com', 'files.apps.example.com'] });

    const response = await rig.answer(back());

    const to = encodeURIComponent(`https://${HOST}/a%2Fb?q=1`);
    expect(response.status).toBe(303);
    expect(response.header('Location')).toBe(`https://orders.apps.example.com/.sallyport/visit?to=${to}`);
    expect(cookieIn(response, '__Host-sallyport-session')).toBeDefined();
  });

  test('at the last host leads back to the application', async () => {
    const rig = prepare({ returnHost: 'shop.apps.example.com', visited: 3 });
    rig.applications.push(application({ id: 'shop', host: 'shop.apps.example.com' }));

    const response = await rig.answer(back());

    expect(response.header('Location')).toBe('https://shop.apps.example.com/a%2Fb?q=1');
  });

  test('after four hosts in a row goes on by a page, since browsers count redirects', async () => {
    const rig = prepare({ visits: ['next.apps.example.com'], visited: 4 });

    const response = await rig.answer(back());

    expect(response.status).toBe(200);
    expect(response.header('Refresh')).toMatch(/^0;url=https:\/\/next\.apps\.example\.com\/\.sallyport\/visit\?to=/);
    expect(response.body().toString()).toContain('href="https://next.apps.example.com/.sallyport/visit?to=');
    expect(cookieIn(response, '__Host-sallyport-session')).toBeDefined();
  });

  test.each(['evil.example', 'evil.example/x', 'evil.example@shop.apps.example.com', '*.apps.example.com', ''])(
    'open redirect: a return host that has no application (%j) is refused',
    async (returnHost) => {
      const rig = prepare({ returnHost });
      rig.applications.push(application({ id: 'wild', host: '*.apps.example.com' }));

      const response = await rig.answer(back());

      expect([response.status, response.header('Location')]).toEqual([400, null]);
    },
  );

  test.each([
    '//evil.example/',
    '/\\evil.example',
    'https://evil.example/',
    '@evil.example/',
    '.evil.example/',
    ':99/',
    'javascript:alert(1)',
    '',
    '/\r\nSet-Cookie: a=b',
  ])('open redirect: the return address %j stays at this host', async (returnTo) => {
    const response = await prepare({ returnTo }).answer(back());

    const location = response.header('Location');
    if (location !== null) expect(new URL(location).origin).toBe(`https://${HOST}`);
    else expect(response.status).toBe(400);
    expect(location ?? '').not.toMatch(/[\r\n]/);
  });
});

describe('reserved paths', () => {
  test('sign-out leads to the portal, which asks first: nothing ends by a link', async () => {
    const rig = createRig();
    const before = rig.sessions.size;

    const response = await rig.answer({ path: '/.sallyport/sign-out', headers: { Cookie: [rig.signIn()] } });

    expect(response.status).toBe(303);
    expect(response.header('Location')).toBe('https://portal.example.com/sign-out');
    expect(rig.sessions.size).toBe(before + 1);
  });

  test.each(['/.sallyport', '/.sallyport/', '/.sallyport/other', '/.sallyport/session/'])('%s never reaches an origin', async (path) => {
    const rig = createRig();

    const response = await rig.answer({ path, headers: { Cookie: [rig.signIn()] } });

    expect(response.status).toBe(404);
    expect(rig.received).toEqual([]);
  });

  test.each([...disguises('.sallyport').filter((path) => path !== '/.sallyport'), '/;%2fx/%2esallyport/session'])(
    'nor does %s',
    async (path) => {
      const rig = createRig();

      const response = await rig.answer({ path, headers: { Cookie: [rig.signIn()] } });

      expect(response.status).toBe(400);
      expect(rig.received).toEqual([]);
    },
  );
});
