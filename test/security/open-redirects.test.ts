// Open redirect (CWE-601; authelia GHSA-36f2-fcrx-fp4j, Keycloak CVE-2026-3872): every way of saying "somebody else's site" that others
// have fallen for, in every place from which an answer of ours takes where it leads. Judged as a browser would: by the parsed address of
// each header field, link, form and refresh.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { digest } from '../../lambdas/keys.ts';
import { Browser } from '../../lambdas/portal/testing/browser.ts';
import { startWorld, type World } from '../../lambdas/portal/testing/world.ts';
import { application as atRouter, type EventChanges, HOST, session } from '../../lambdas/router/testing/records.ts';
import { answerWith, createRig } from '../../lambdas/router/testing/rig.ts';
import { application } from '../../lambdas/stores/testing/application.ts';
import { read } from '../support/files.ts';
import { type LeadingAnswer, leadsOf } from '../support/leads.ts';

const CORPUS = read('test/security/open-redirects.txt')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('# '))
  .map((line) => JSON.parse(`"${line.replaceAll('"', '\\"')}"`) as string);
const PORTAL = 'https://portal.example.com';
const CHALLENGE = 'c'.repeat(43);
const BROWSER = 'b'.repeat(43);

/** Also where that is spelt otherwise than we would: what counts is where a browser arrives. */
const isOurs = (url: URL | null): boolean => url === null || (url.protocol === 'https:' && [HOST, new URL(PORTAL).host].includes(url.host));

/** Where answers to a payload lead away: none, if all is well. An answer that leads nowhere is a refusal. */
const escapes = async (ask: (payload: string) => Promise<LeadingAnswer | null>, further: readonly string[] = []) => {
  const found: string[] = [];
  for (const payload of CORPUS) {
    const answer = await ask(payload);
    for (const { where, url } of answer === null ? [] : leadsOf(answer)) {
      if (!isOurs(url) && !further.includes(url!.origin)) found.push(`${JSON.stringify(payload)}: ${where} leads to ${url}`);
      // The next one to whom the address is handed on must find ours in it too, or nothing.
      const to = url?.searchParams.get('to');
      if (to && url!.pathname === '/sign-in' && !payload.startsWith(to) && !isOurs(URL.parse(to)))
        found.push(`${JSON.stringify(payload)}: hands on ${to}`);
    }
  }
  return found;
};

test('the corpus is one: most of it leads away when it is believed', () => {
  const believed = (payload: string) => leadsOf({ url: `https://${HOST}/a/b`, headers: [['Location', payload]], body: '' });
  const followed = (payload: string) => {
    const href = payload.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    return leadsOf({ url: `https://${HOST}/`, headers: [['Content-Type', 'text/html']], body: `<a href="${href}">x</a>` });
  };

  expect(new Set(CORPUS).size).toBe(CORPUS.length);
  expect(CORPUS.filter((payload) => believed(payload).some(({ url }) => !isOurs(url))).length).toBeGreaterThan(100);
  expect(CORPUS.filter((payload) => followed(payload).some(({ url }) => !isOurs(url))).length).toBeGreaterThan(100);
});

describe('the router', () => {
  const PAGE = { 'Sec-Fetch-Mode': ['navigate'], Accept: ['text/html'] };
  const DOCUMENT = { ...PAGE, 'Sec-Fetch-Dest': ['document'] };
  const SCRIPT = { 'Sec-Fetch-Mode': ['cors'] };
  const FORM = { ...PAGE, 'Sec-Fetch-Site': ['same-origin'], 'Content-Type': ['application/x-www-form-urlencoded'] };

  const ask = async (changes: EventChanges, rig = createRig()): Promise<LeadingAnswer> => {
    const response = await rig.answer(changes);
    return { url: `https://${HOST}/a/b`, headers: response.headers, body: response.body().toString() };
  };

  test.each<[string, EventChanges]>([
    ['a page load', { headers: PAGE }],
    ['a page load that may have a fragment', { headers: DOCUMENT }],
    ['a script', { headers: SCRIPT }],
    ['a form', { headers: FORM, httpMethod: 'POST', body: 'a=b' }],
  ])('the path and the query of %s without a session', async (_, changes) => {
    const paths = (payload: string) => [payload, `/${payload}`, `//${payload}`].filter((path) => path.startsWith('/'));
    const rig = createRig();

    for (const nth of [0, 1, 2]) {
      const found = await escapes(async (payload) => {
        const requestPath = paths(payload)[nth];
        return requestPath === undefined ? null : ask({ ...changes, path: requestPath.replace(/^\/+/, '/'), requestPath }, rig);
      });
      expect(found).toEqual([]);
    }
    expect(await escapes((payload) => ask({ ...changes, path: '/a', multiValueQueryStringParameters: { to: [payload] } }, rig))).toEqual(
      [],
    );
  });

  test.each(['Host', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Original-URL', 'X-Rewrite-URL', 'Forwarded', 'Referer', 'Origin'])(
    'the header field %s',
    async (name) => {
      const found = await escapes((payload) => ask({ path: '/a', headers: { ...PAGE, [name]: [payload] } }));

      expect(found).toEqual([]);
    },
  );

  test('the query of an application’s path without its slash', async () => {
    const rig = createRig();
    rig.applications.splice(0, 1, atRouter({ path: '/docs/' }));

    const plain = await rig.answer({ path: '/docs' });
    const found = await escapes((payload) => ask({ path: '/docs', multiValueQueryStringParameters: { [payload]: [''] } }, rig));

    expect([plain.status, plain.header('Location')]).toEqual([308, `https://${HOST}/docs/`]);
    expect(found).toEqual([]);
  });

  test.each(['visit', 'session', 'sign-out', 'signed-in', 'other'])('each parameter of /.sallyport/%s', async (path) => {
    const rig = createRig();
    const parameters = (payload: string): Record<string, string[]> =>
      path === 'visit' ? { to: [payload] } : { to: [payload], code: [payload], through: [payload], state: [payload], return: [payload] };

    const found = await escapes((payload) =>
      ask({ path: `/.sallyport/${path}`, multiValueQueryStringParameters: parameters(payload), headers: PAGE }, rig),
    );

    // A visit hands `to` on to the portal, which is the one to judge it: see there.
    expect(found.filter((line) => !line.includes('hands on'))).toEqual([]);
  });

  test.each(['returnTo', 'returnHost'])('what a one-time code says: %s', async (field) => {
    const rig = createRig();
    const parent = session({ id: 'portal-1', parent: 'portal-1', host: null, expiresAt: rig.clock.now() + 60_000 });
    rig.sessions.set('portal-1', parent);
    const back = { path: '/.sallyport/session', multiValueQueryStringParameters: { code: [CHALLENGE] } };
    const headers = { ...PAGE, Cookie: [`__Host-sallyport-sign-in=${BROWSER}`] };

    const redeem = (changes: object) => {
      const [id, challenge, expiresAt] = [digest(CHALLENGE), digest(BROWSER), rig.clock.now() + 1_000];
      const code = { id, challenge, expiresAt, parent: parent.id, host: HOST, returnHost: HOST, returnTo: '/', visits: [], visited: 0 };
      rig.codes.set(code.id, { ...code, ...changes });
      return ask({ ...back, headers }, rig);
    };

    const good = await redeem({});
    const found = await escapes((payload) => redeem({ [field]: payload }));

    expect(leadsOf(good).map(({ url }) => url!.href)).toEqual([`https://${HOST}/`]);
    expect(found).toEqual([]);
  });

  test('an origin’s redirect that stays at the origin stays at the application', async () => {
    const rig = createRig();
    const cookie = rig.signIn();
    const inside = 'http://wiki.internal:8080';
    const translated: string[] = [];

    for (const payload of CORPUS) {
      for (const location of [payload, `/${payload}`, `${inside}/${payload}`, `${inside}//${payload}`]) {
        // Whether `http:x` is absolute, the standards do not agree (RFC 3986 §5.2.2, WHATWG URL): it is as the origin says.
        if (/[^\x20-\x7e]/.test(location) || /^http:(?!\/\/)/i.test(location)) continue;
        if (URL.parse(location, `${inside}/a/b`)?.origin !== inside) continue;
        rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
          if (frame.type !== 'request') return;
          reply({ type: 'response', exchange: frame.exchange, n: 0, status: 302, headers: [['Location', location]], end: true });
        });
        const answer = await ask({ path: '/a/b', headers: { Cookie: [cookie] } }, rig);
        for (const { url } of leadsOf(answer)) translated.push(url === null || isOurs(url) ? 'ours' : `${location} → ${url}`);
      }
    }

    expect(translated.length).toBeGreaterThan(200);
    expect([...new Set(translated)]).toEqual(['ours']);
    rig.behaviours.set('tunnel-a=', answerWith('hello'));
  }, 60_000);
});

describe('the portal', () => {
  let world: World;
  /** Not signed in, and signed in. */
  let stranger: Browser;
  let alice: Browser;
  let state: string;

  const here = (url: string, at = world): string => url.replace(PORTAL, at.address);
  const toPortal = { until: (url: string) => url.startsWith(PORTAL) };
  beforeAll(async () => {
    world = await startWorld({ portalUrl: PORTAL });
    world.applications = [application({ host: HOST, access: 'everyone' })];
    world.idp.user = { sub: 'a-1', preferred_username: 'alice', name: 'Alice', amr: ['pwd'] };
    stranger = new Browser();
    alice = new Browser();
    const { url } = await alice.open(here(`${PORTAL}/`), toPortal);
    await alice.open(here(url), toPortal);
    const begun = await stranger.open(here(`${PORTAL}/`), { until: (address) => address.startsWith(world.idp.issuer) });
    state = new URL(begun.url).searchParams.get('state')!;
  }, 60_000);
  afterAll(() => world?.close());

  const ask = async (browser: Browser, path: string, query: Record<string, string> = {}, form?: Record<string, string>, at = world) => {
    const url = `${PORTAL}${path}${Object.keys(query).length > 0 ? `?${new URLSearchParams(query)}` : ''}`;
    const headers = {
      accept: 'text/html',
      'sec-fetch-mode': 'navigate',
      cookie: browser.cookieHeader(at.address),
      ...(form && { 'content-type': 'application/x-www-form-urlencoded', origin: PORTAL, 'sec-fetch-site': 'same-origin' }),
    };
    const body = form && new URLSearchParams(form).toString();
    const response = await request(here(url, at), { method: form ? 'POST' : 'GET', headers, body });
    const fields = Object.entries(response.headers).flatMap(([name, values]) =>
      [values ?? []].flat().map((value) => [name, value] as const),
    );
    return { url, status: response.statusCode, headers: fields, body: await response.body.text() };
  };
  const to = `https://${HOST}/`;

  test('is the one that is meant: who is signed in is handed over, a stranger is sent to the provider', async () => {
    const [known, unknown] = await Promise.all([alice, stranger].map((browser) => ask(browser, '/sign-in', { to, challenge: CHALLENGE })));

    expect(leadsOf(known!)[0]!.url!.href).toMatch(new RegExp(`^https://${HOST}/.sallyport/session\\?code=[\\w-]{43}$`));
    expect(leadsOf(unknown!)[0]!.url!.origin).toBe(world.idp.issuer);
  });

  test.each<[string, string, (payload: string) => Record<string, string>]>([
    ['to', '/sign-in', (payload) => ({ to: payload, challenge: CHALLENGE })],
    ['to, after a path of ours', '/sign-in', (payload) => ({ to: `https://${HOST}/${payload}`, challenge: CHALLENGE })],
    ['to, after a host of ours', '/sign-in', (payload) => ({ to: `https://${HOST}${payload}`, challenge: CHALLENGE })],
    ['through', '/sign-in', (payload) => ({ to, challenge: CHALLENGE, through: payload })],
    ['challenge', '/sign-in', (payload) => ({ to, challenge: payload })],
    ['max_age', '/sign-in', (payload) => ({ to, challenge: CHALLENGE, max_age: payload })],
    ['login_hint', '/sign-in', (payload) => ({ to, challenge: CHALLENGE, login_hint: payload, domain_hint: payload })],
    ['state', '/callback/main', (payload) => ({ state: payload, code: 'x' })],
    ['iss', '/callback/main', (payload) => ({ state, iss: payload, code: 'x' })],
    ['error_uri', '/callback/main', (payload) => ({ state, error: 'access_denied', error_uri: payload, error_description: payload })],
    ['anything', '/', (payload) => ({ to: payload, return: payload, redirect_uri: payload, next: payload })],
    ['anything', '/sign-out', (payload) => ({ to: payload, post_logout_redirect_uri: payload, state: payload })],
    ['anything', '/signed-out', (payload) => ({ to: payload, post_logout_redirect_uri: payload, state: payload })],
    ['iss', '/front-channel-logout', (payload) => ({ iss: payload, sid: payload })],
  ])(
    '%s of %s',
    async (_, path, query) => {
      for (const browser of [stranger, alice]) {
        expect(await escapes((payload) => ask(browser, path, query(payload)), [world.idp.issuer])).toEqual([]);
      }
    },
    60_000,
  );

  test('the form that signs out', async () => {
    const found = await escapes((payload) => ask(alice, '/sign-out', {}, { token: payload, to: payload }), [world.idp.issuer]);

    expect(found).toEqual([]);
  });

  describe('where a tenant has several providers', () => {
    let several: World;
    let user: Browser;
    let token: string;

    beforeAll(async () => {
      several = await startWorld({ portalUrl: PORTAL, emailDomains: { main: ['example.com'], other: ['example.org'] } });
      several.applications = [application({ host: HOST, access: 'everyone' })];
      user = new Browser();
      const { text } = await user.open(here(`${PORTAL}/`, several));
      token = /name="token" value="([\w-]{43})"/.exec(text)![1]!;
    }, 60_000);
    afterAll(() => several?.close());

    const good = { to, challenge: CHALLENGE };
    const issuers = () => several.idps.map(({ issuer }) => issuer);
    /** The form that asks which, as it is sent with these fields. */
    const choose = (asked: Record<string, string>, chosen: Record<string, string> = { provider: 'other' }) =>
      ask(user, '/sign-in', {}, { token, asked: `${new URLSearchParams(asked)}`, ...chosen }, several);

    test('the form is the one that is meant: it leads to the chosen provider', async () => {
      const [lead] = leadsOf(await choose(good));

      expect(lead!.url!.origin).toBe(issuers()[1]);
    });

    test.each<[string, (payload: string) => Promise<LeadingAnswer>]>([
      ['to, in what the form remembers', (payload) => choose({ ...good, to: payload })],
      ['through, in what the form remembers', (payload) => choose({ ...good, through: payload })],
      ['all that the form remembers', (payload) => ask(user, '/sign-in', {}, { token, asked: payload, provider: 'other' }, several)],
      ['provider', (payload) => choose(good, { provider: payload })],
      ['email', (payload) => choose(good, { email: payload })],
      ['email, at a domain that is known', (payload) => choose(good, { email: `${payload}@example.org` })],
      ['to, while it is asked', (payload) => ask(user, '/sign-in', { ...good, to: payload, choose: '' }, undefined, several)],
      ['hints', (payload) => ask(user, '/sign-in', { ...good, login_hint: payload, domain_hint: payload }, undefined, several)],
    ])(
      '%s',
      async (_, from) => {
        expect(await escapes(from, issuers())).toEqual([]);
      },
      60_000,
    );
  });

  test('the path of a page', async () => {
    const found = await escapes(async (payload) =>
      /^[\x21-\x7e]+$/.test(payload) && !payload.includes('#') ? ask(alice, `/${payload}`) : null,
    );

    expect(found).toEqual([]);
  });

  test('the path of an application’s first page', async () => {
    const found = await escapes(async (payload) => {
      world.applications = [application({ host: HOST, access: 'everyone', homePath: payload })];
      return ask(alice, '/');
    });

    expect(found).toEqual([]);
  });
});
