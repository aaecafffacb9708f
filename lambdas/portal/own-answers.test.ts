// Every route of the portal, asked as browsers, scripts and other sites do: what its answers say to a browser, and that no other site
// can bring anything about in the user's name (CSRF). The routes are those of the code: a new one must be told of here.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { digest } from '../keys.ts';
import { faultsOf } from '../pages/testing/own-answer.ts';
import { PORTAL_COOKIE } from './cookies.ts';
import { ROUTES } from './serve-portal.ts';
import { Browser } from './testing/browser.ts';
import { startWorld, type World } from './testing/world.ts';

let world: World;
let browser: Browser;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.idp.user = { sub: 'a-1', preferred_username: 'alice', amr: ['pwd'], sid: 'at-provider' };
  browser = new Browser();
  await browser.open(world.portalUrl);
});

const LASTING = new Set(['/favicon.ico', '/robots.txt']);
/** Keys are public, and say so to everyone's scripts: assertion-keys.test.ts has what they say. */
const isKeys = (path: string) => path.startsWith('/.well-known/') || /^\/(?:cdn-cgi|iap)\//.test(path);
const PATHS = [...Object.keys(ROUTES), '/nothing'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'] as const;

const cookie = () => browser.cookieHeader(world.portalUrl);
const isSignedIn = async () => (await world.sessions.find(digest(browser.cookie(world.portalUrl, PORTAL_COOKIE)!))) !== null;
const ask = async (method: (typeof METHODS)[number], path: string, headers: Record<string, string>, body?: string) => {
  const answer = await request(world.address + path, { method, headers, body });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
};

const PAGE_LOAD = { 'sec-fetch-mode': 'navigate', accept: 'text/html' };
const PROGRAM = { 'sec-fetch-mode': 'cors', accept: 'application/json' };

describe('what an answer says to the browser', () => {
  test.each(PATHS.filter((path) => !isKeys(path)))('%s, by every method, to a person and a program, signed in or not', async (path) => {
    const faults: string[] = [];

    for (const method of METHODS) {
      for (const headers of [PAGE_LOAD, PROGRAM, { ...PAGE_LOAD, cookie: cookie() }]) {
        const answer = await ask(method, path, headers);
        const lasting = LASTING.has(path) && answer.status < 300;
        faults.push(...faultsOf(answer.headers, { lasting }).map((fault) => `${method} ${answer.status} ${fault}`));
      }
    }

    expect(faults).toEqual([]);
  });

  test('would be found wanting without its headers', () => {
    expect(
      faultsOf({ 'content-type': 'text/html', 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'" }),
    ).toHaveLength(10);
  });
});

describe('what another site brings about', () => {
  /** A page of anybody's, and one of an application that is published beside the portal. */
  const SITES = [
    { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'https://wiki.apps.example.com', 'sec-fetch-site': 'same-site' },
    // A browser that says nothing.
    {},
  ];
  const FORM = { ...PAGE_LOAD, 'content-type': 'application/x-www-form-urlencoded' };
  /** What each route that takes a form would need from the user, without what only the user's own page has. */
  const FORMS: Readonly<Record<string, string>> = {
    'POST /sign-in': 'provider=default&asked=&email=',
    'POST /callback/': 'SAMLResponse=PHgvPg%3D%3D&RelayState=x',
    'POST /saml/slo': 'SAMLRequest=PHgvPg%3D%3D&RelayState=x',
    'POST /saml/idp/sso': 'SAMLRequest=PHgvPg%3D%3D&RelayState=x',
    'POST /saml/idp/start': 'token=',
    'POST /saml/idp/slo': 'SAMLRequest=PHgvPg%3D%3D&RelayState=x',
    'POST /sign-out': 'token=',
    'POST /credentials': 'application=wiki&sealed=x&token=',
    'POST /sessions': 'session=everywhere&token=',
    'POST /back-channel-logout': 'logout_token=e30.e30.e30',
  };

  const routes = Object.entries(ROUTES).flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ path, method })));

  test('is told of every route that takes a form', () => {
    const taking = routes.filter(({ method }) => method !== 'GET' && method !== 'HEAD').map(({ method, path }) => `${method} ${path}`);

    expect(taking.sort()).toEqual(Object.keys(FORMS).sort());
  });

  test.each(Object.entries(FORMS))('%s: nothing', async (route, body) => {
    const [method, path] = route.split(' ') as ['POST', string];

    for (const site of SITES) {
      const { status, headers } = await ask(method, path, { ...FORM, ...site, cookie: cookie() } as Record<string, string>, body);

      expect(await isSignedIn()).toBe(true);
      // Nowhere either: not to the provider, for a sign-in that the user did not ask for.
      expect([status >= 300 && status < 400, headers.location]).toEqual([false, undefined]);
    }
  });

  test.each(routes.filter(({ method }) => method === 'GET').map(({ path }) => path))('GET %s: the user stays signed in', async (path) => {
    for (const site of SITES) await ask('GET', path, { ...PAGE_LOAD, ...site, cookie: cookie() } as Record<string, string>);

    expect(await isSignedIn()).toBe(true);
  });
});

describe('what tells nothing of who is there', () => {
  const answerTo = async (method: 'GET' | 'POST', path: string, body?: string) => {
    const { status, headers, text } = await ask(method, path, PROGRAM, body);
    const { date: _date, ...rest } = headers;
    return { status, rest, text };
  };

  test('a provider’s sign-out of a session that we have is answered as that of one that we have not', async () => {
    const of = (sid: string) => `/front-channel-logout?${new URLSearchParams({ iss: world.idp.issuer, sid })}`;

    expect(await answerTo('GET', of('unknown'))).toEqual(await answerTo('GET', of('at-provider')));
  });

  test('a session of nobody is answered as one that has ended', async () => {
    const ended = cookie();
    await world.sessions.revoke(digest(browser.cookie(world.portalUrl, PORTAL_COOKIE)!));
    const withCookie = (value: string) => ask('GET', '/', { ...PROGRAM, cookie: value });

    const [one, other] = [await withCookie(ended), await withCookie(`${PORTAL_COOKIE}=${'x'.repeat(43)}`)];

    expect([one.status, one.text]).toEqual([other.status, other.text]);
  });
});
