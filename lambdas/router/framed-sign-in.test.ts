import { describe, expect, test } from '@jest/globals';
import { digest } from '../keys.ts';
import type { RecordedResponse } from './testing/recorded-response.ts';
import { application, type EventChanges, HOST, session } from './testing/records.ts';
import { answerWith, createRig } from './testing/rig.ts';

const FRAMER = 'https://teams.example';
const FRAME = { 'Sec-Fetch-Mode': ['navigate'], 'Sec-Fetch-Dest': ['iframe'], 'Sec-Fetch-Site': ['cross-site'], Accept: ['text/html'] };
const TAB = { 'Sec-Fetch-Mode': ['navigate'], 'Sec-Fetch-Dest': ['document'], 'Sec-Fetch-Site': ['same-origin'], Accept: ['text/html'] };
const SCRIPT = { 'Sec-Fetch-Mode': ['cors'], 'Sec-Fetch-Dest': ['empty'], 'Sec-Fetch-Site': ['same-origin'] };
const OWN_POLICY = `frame-ancestors 'self' ${FRAMER}`;

const createFramedRig = (framedBy: readonly string[] = [FRAMER]) => {
  const rig = createRig();
  rig.applications.splice(0, 1, application({ framedBy }));
  rig.sessions.set('portal-session', session({ id: 'portal-session', host: null, expiresAt: rig.clock.now() + 60_000 }));
  return rig;
};
type Rig = ReturnType<typeof createFramedRig>;

const cookieIn = (response: RecordedResponse, name: string): string | undefined =>
  response.headerAll('Set-Cookie').find((cookie) => cookie.startsWith(`${name}=`));
const pairOf = (cookie: string | undefined): string => cookie?.split(';')[0] ?? '';
const tabUrlIn = (response: RecordedResponse): URL =>
  new URL(/href="(.*?)"/.exec(response.body().toString())![1]!.replaceAll('&amp;', '&'));
const codeIn = (response: RecordedResponse): string => /data-code="([\w-]{43})"/.exec(response.body().toString())?.[1] ?? '';
const query = (url: URL): Record<string, string[]> => Object.fromEntries([...url.searchParams].map(([name, value]) => [name, [value]]));

/** The frame asks, and the tab that it opens is signed in. */
const begun = async (rig: Rig) => {
  const asked = await rig.answer({ path: '/a', headers: FRAME });
  const tab = tabUrlIn(asked);
  const told = await rig.answer({
    path: tab.pathname,
    multiValueQueryStringParameters: query(tab),
    headers: { ...TAB, Cookie: [rig.signIn()] },
  });
  return { cookie: pairOf(cookieIn(asked, '__Host-sallyport-framed-sign-in')), code: codeIn(told), asked, told };
};
const redeem = (rig: Rig, code: string, cookie: string, changes: EventChanges = {}) =>
  rig.answer({
    httpMethod: 'POST',
    path: '/.sallyport/framed-session',
    body: code,
    headers: { ...SCRIPT, Cookie: [cookie], 'Content-Type': ['text/plain'] },
    ...changes,
  });

describe('a frame of a listed site', () => {
  test('without a session shows a page that opens a tab to sign in, with a cookie that is kept apart for that site', async () => {
    const response = await createFramedRig().answer({ path: '/a', headers: FRAME });

    const cookie = cookieIn(response, '__Host-sallyport-framed-sign-in')!;
    const tab = tabUrlIn(response);
    expect(response.status).toBe(200);
    expect(cookie).toMatch(/; Path=\/; Max-Age=600; Secure; HttpOnly; SameSite=None; Partitioned$/);
    expect([tab.origin, tab.pathname]).toEqual([`https://${HOST}`, '/.sallyport/frame']);
    expect(tab.searchParams.get('challenge')).toBe(digest(pairOf(cookie).split('=')[1]!));
    expect(response.header('Content-Security-Policy')).toContain(OWN_POLICY);
    expect(response.header('X-Frame-Options')).toBeNull();
  });

  test('has a session by the tab’s code, and then the application', async () => {
    const rig = createFramedRig();
    const { code, cookie, told } = await begun(rig);

    const redeemed = await redeem(rig, code, cookie);

    const framed = cookieIn(redeemed, '__Host-sallyport-framed-session')!;
    expect(redeemed.status).toBe(204);
    expect(framed).toMatch(/; Path=\/; Max-Age=60; Secure; HttpOnly; SameSite=None; Partitioned$/);
    expect(told.header('Cross-Origin-Opener-Policy')).toBeNull();
    expect(told.header('Content-Security-Policy')).toContain("frame-ancestors 'none'");
    const page = await rig.answer({ headers: { ...FRAME, Cookie: [pairOf(framed)] } });
    expect(page.body().toString()).toBe('hello');
    expect(rig.sessions.get(digest(pairOf(framed).split('=')[1]!))).toMatchObject({ parent: 'portal-session', host: HOST });
  });

  test('is told what is asked beyond a session, and the tab goes on to the portal with it', async () => {
    const rig = createFramedRig();
    const condition = { name: 'Second factor', paths: [], methods: [], require: { mfa: true }, refuse: null };
    rig.applications.splice(0, 1, application({ framedBy: [FRAMER], conditions: [condition] as never }));
    const { cookie } = await begun(createFramedRig());
    const framed = rig.signIn().replace('__Host-sallyport-session', '__Host-sallyport-framed-session');

    const asked = await rig.answer({ headers: { ...FRAME, Cookie: [`${cookie}; ${framed}`] } });
    const tab = tabUrlIn(asked);
    const sent = await rig.answer({
      path: tab.pathname,
      multiValueQueryStringParameters: query(tab),
      headers: { ...TAB, Cookie: [rig.signIn()] },
    });

    expect(tab.searchParams.get('mfa')).toBe('1');
    expect(sent.body().toString()).toMatch(/href="https:\/\/portal\.example\.com\/sign-in\?challenge=[\w-]{43}&amp;mfa=1&amp;to=/);
    expect(codeIn(sent)).toBe('');
  });

  test('sees the application’s answers and our refusals about it, which say who may frame them', async () => {
    const rig = createFramedRig();
    rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
      if (frame.type !== 'request') return;
      const headers = [['X-Frame-Options', 'DENY'] as const, ['Content-Security-Policy', "script-src 'self'"] as const];
      reply({ type: 'response', exchange: frame.exchange, n: 0, status: 200, headers, end: true });
    });
    const framed = rig.signIn().replace('__Host-sallyport-session', '__Host-sallyport-framed-session');

    const page = await rig.answer({ headers: { ...FRAME, Cookie: [framed] } });
    rig.applications.splice(0, 1, application({ framedBy: [FRAMER], access: { users: ['carol'], groups: [] } }));
    await rig.clock.advance(20_000);
    const refused = await rig.answer({ headers: { ...FRAME, Cookie: [framed] } });

    expect(page.header('Content-Security-Policy')).toBe(`script-src 'self', ${OWN_POLICY}`);
    expect([refused.status, refused.header('X-Frame-Options')]).toEqual([403, null]);
    expect(refused.header('Content-Security-Policy')).toContain(OWN_POLICY);
  });
});

describe('an attack by way of frames', () => {
  test.each<[string, EventChanges['headers']]>([
    ['a form of another site', { 'Sec-Fetch-Mode': ['navigate'], 'Sec-Fetch-Dest': ['iframe'], 'Sec-Fetch-Site': ['cross-site'] }],
    ['a script of another site', { 'Sec-Fetch-Mode': ['no-cors'], 'Sec-Fetch-Dest': ['empty'], 'Sec-Fetch-Site': ['cross-site'] }],
    ['a program that does not say where it is from', {}],
  ])('the frame’s cookie counts for nothing with %s (CSRF)', async (_, headers) => {
    const rig = createFramedRig();
    const framed = rig.signIn().replace('__Host-sallyport-session', '__Host-sallyport-framed-session');

    await rig.answer({ httpMethod: 'POST', body: 'a=b', headers: { ...headers, Cookie: [framed] } });

    expect(rig.requests()).toEqual([]);
  });

  test('the frame’s cookie counts for nothing at an application that nobody may frame', async () => {
    const rig = createFramedRig([]);
    const framed = rig.signIn().replace('__Host-sallyport-session', '__Host-sallyport-framed-session');

    const response = await rig.answer({ headers: { ...FRAME, Cookie: [framed] } });

    expect([response.status, response.header('X-Frame-Options')]).toEqual([302, 'DENY']);
    expect(rig.requests()).toEqual([]);
  });

  test('clickjacking: without framedBy nothing of ours can be framed, and what the application says is left alone', async () => {
    const rig = createFramedRig([]);
    rig.behaviours.set('tunnel-a=', answerWith('hello'));

    const page = await rig.answer({ headers: { ...FRAME, Cookie: [rig.signIn()] } });
    const missing = await rig.answer({ path: '/.sallyport/none', headers: FRAME });
    const tab = await rig.answer({
      path: '/.sallyport/frame',
      multiValueQueryStringParameters: { challenge: ['c'.repeat(43)] },
      headers: TAB,
    });

    expect(page.header('Content-Security-Policy')).toBeNull();
    expect(missing.header('Content-Security-Policy')).toContain("frame-ancestors 'none'");
    expect(tab.status).toBe(404);
  });

  test('a code is good once, in the frame that asked, and nowhere else', async () => {
    const rig = createFramedRig();
    const { code, cookie } = await begun(rig);
    const other = await begun(rig);

    const lured = await redeem(rig, other.code, cookie);
    const elsewhere = await redeem(rig, code, '__Host-sallyport-sign-in=x');
    const first = await redeem(rig, code, cookie);
    const again = await redeem(rig, code, cookie);

    expect([lured, elsewhere, first, again].map(({ status }) => status)).toEqual([400, 400, 204, 400]);
  });

  test('a code does not become a session of the browser’s own tabs, nor by a request of another site', async () => {
    const rig = createFramedRig();
    const { code, cookie } = await begun(rig);

    const tab = await rig.answer({
      path: '/.sallyport/session',
      multiValueQueryStringParameters: { code: [code] },
      headers: { ...TAB, Cookie: [cookie] },
    });
    const foreign = await redeem(rig, code, cookie, { headers: { ...SCRIPT, 'Sec-Fetch-Site': ['cross-site'], Cookie: [cookie] } });

    expect([tab.status, foreign.status]).toEqual([400, 400]);
    expect(cookieIn(tab, '__Host-sallyport-session')).toBeUndefined();
  });

  test.each([
    ['no session', ''],
    ['the frame’s own', '__Host-sallyport-framed-session'],
  ])('the tab hands nothing over by %s', async (_, name) => {
    const rig = createFramedRig();
    const tab = tabUrlIn(await rig.answer({ headers: FRAME }));
    const cookie = name === '' ? 'a=b' : rig.signIn().replace('__Host-sallyport-session', name);

    const response = await rig.answer({
      path: tab.pathname,
      multiValueQueryStringParameters: query(tab),
      headers: { ...TAB, Cookie: [cookie] },
    });

    expect(codeIn(response)).toBe('');
    expect([...rig.codes]).toEqual([]);
    expect(response.body().toString()).toContain('https://portal.example.com/sign-in?');
  });

  test.each<Record<string, string[]>>([
    { challenge: ['x'] },
    { challenge: ['c'.repeat(43), 'd'.repeat(43)] },
    { challenge: ['c'.repeat(43)], mfa: ['2'] },
    { challenge: ['c'.repeat(43)], max_age: ['0'] },
    {},
  ])('a tab with %j is refused', async (parameters) => {
    const rig = createFramedRig();

    const response = await rig.answer({
      path: '/.sallyport/frame',
      multiValueQueryStringParameters: parameters,
      headers: { ...TAB, Cookie: [rig.signIn()] },
    });

    expect(response.status).toBe(400);
  });
});
