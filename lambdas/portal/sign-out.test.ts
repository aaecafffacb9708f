import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { digest } from '../keys.ts';
import type { Session } from '../stores/records.ts';
import { PORTAL_COOKIE } from './cookies.ts';
import { Browser } from './testing/browser.ts';
import { CLIENT_ID } from './testing/identity-provider.ts';
import { startWorld, type World } from './testing/world.ts';

let world: World;
let browser: Browser;
let session: Session;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.idp.away = false;
  world.idp.user = { sub: 'a-1', preferred_username: 'alice', amr: ['pwd'] };
  browser = new Browser();
  await browser.open(world.portalUrl);
  session = (await world.sessions.find(digest(secret())))!;
  await world.sessions.create({ ...session, id: `at-wiki-of-${session.id}`, host: 'wiki.apps.example.com', idToken: undefined });
});

const secret = () => browser.cookie(world.portalUrl, PORTAL_COOKIE) ?? '';
const signOutUrl = () => `${world.portalUrl}/sign-out`;
const tokenOf = (text: string) => /name="token" value="([\w-]+)"/.exec(text)?.[1] ?? '';
const post = (token: string, headers: Record<string, string> = {}) => ({
  until: (url: string) => url.startsWith(world.idp.issuer) || url.endsWith('/signed-out'),
  post: {
    body: new URLSearchParams({ token }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: world.portalUrl, 'sec-fetch-site': 'same-origin', ...headers },
  },
});
const stillSignedIn = async () =>
  [await world.sessions.find(session.id), await world.sessions.find(`at-wiki-of-${session.id}`)].map(Boolean);

describe('signing out', () => {
  test('is asked for first, and asking changes nothing', async () => {
    const { status, text, policy } = await browser.open(signOutUrl());

    expect([status, tokenOf(text).length]).toEqual([200, 43]);
    expect(text).not.toContain(secret());
    expect(policy).toContain(`form-action 'self' https: ${world.idp.issuer};`);
    expect(await stillSignedIn()).toEqual([true, true]);
  });

  test('ends the portal session, those of the applications, and the provider’s', async () => {
    const { text } = await browser.open(signOutUrl());

    const { url } = await browser.open(signOutUrl(), post(tokenOf(text)));

    const { origin, searchParams } = new URL(url);
    expect(origin).toBe(world.idp.issuer);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      post_logout_redirect_uri: `${world.portalUrl}/signed-out`,
      id_token_hint: session.idToken,
    });
    expect(browser.cookie(world.portalUrl, PORTAL_COOKIE)).toBeUndefined();
    expect(await stillSignedIn()).toEqual([false, false]);
  });

  test('works although the provider is away', async () => {
    const { text } = await browser.open(signOutUrl());
    world.idp.away = true;

    const { url } = await browser.open(signOutUrl(), post(tokenOf(text)));

    expect(url.startsWith(world.idp.issuer) || url === `${world.portalUrl}/signed-out`).toBe(true);
    expect(await stillSignedIn()).toEqual([false, false]);
  });

  test.each([
    ['another site', () => tokenOfThis(), { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['a sibling host', () => tokenOfThis(), { 'sec-fetch-site': 'same-site' }],
    [
      'another origin, in a browser that says no more',
      () => tokenOfThis(),
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
    ],
    ['a sandboxed page', () => tokenOfThis(), { origin: 'null' }],
    ['nowhere, without token', async () => '', {}],
    ['nowhere, with a made-up token', async () => digest('guess'), {}],
  ])('is refused when it comes from %s', async (_, token, headers) => {
    const { status, text } = await browser.open(signOutUrl(), post(await token(), headers));

    expect([status, text.includes('ERR_REQUEST_INVALID')]).toEqual([400, true]);
    expect(await stillSignedIn()).toEqual([true, true]);
  });

  test('is refused with the token of another session', async () => {
    const token = await tokenOfThis();
    const mine = browser;
    browser = new Browser();
    await browser.open(world.portalUrl);

    const { status } = await browser.open(signOutUrl(), post(token));

    browser = mine;
    expect(status).toBe(400);
  });

  test('without a session leads to the signed-out page, which offers to sign in', async () => {
    const { status, url, text } = await new Browser().open(signOutUrl());

    expect([status, url]).toEqual([200, `${world.portalUrl}/signed-out`]);
    expect(text).toContain('href="/">Sign in again');
  });
});

const tokenOfThis = async () => tokenOf((await browser.open(signOutUrl())).text);

describe('the portal’s other answers', () => {
  test.each([
    ['GET', '/nothing', 404, 'ERR_APPLICATION_UNKNOWN', null],
    ['GET', '/constructor', 404, 'ERR_APPLICATION_UNKNOWN', null],
    ['DELETE', '/', 405, 'ERR_METHOD_REFUSED', 'GET, HEAD'],
    ['HEAD', '/callback/main', 405, '', 'GET, POST'],
    ['POST', '/callback/main', 400, 'ERR_SIGN_IN_INVALID', null],
  ])('%s %s is answered %i', async (method, path, status, code, allowed) => {
    const response = await fetch(world.portalUrl + path, { method });

    expect([response.status, (await response.text()).includes(code)]).toEqual([status, true]);
    expect(response.headers.get('allow')).toBe(allowed);
  });

  test.each([
    ['/robots.txt', 200, 'Disallow: /'],
    ['/favicon.ico', 204, ''],
  ])('%s', async (path, status, text) => {
    const response = await fetch(world.portalUrl + path);

    expect([response.status, (await response.text()).includes(text)]).toEqual([status, true]);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('the provider ends its own session, and ours with it', () => {
  const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const claims = (changes: object = {}) => {
    const at = world.clock / 1000;
    return { iss: world.idp.issuer, aud: CLIENT_ID, iat: at, exp: at + 120, jti: 'j-1', events: EVENTS, sub: 'a-1', ...changes };
  };
  const tell = async (token: string) =>
    fetch(`${world.portalUrl}/back-channel-logout`, { method: 'POST', body: new URLSearchParams({ logout_token: token }) });
  const withSid = () => world.sessions.create({ ...session, providerSession: 'sid-1' });

  test('by the user, at every application', async () => {
    expect((await tell(await world.idp.sign(claims()))).status).toBe(200);

    expect(await stillSignedIn()).toEqual([false, false]);
  });

  test('by its own session’s id, which leaves the user’s others', async () => {
    await withSid();
    await world.sessions.create({ ...session, id: 'elsewhere', parent: 'elsewhere', providerSession: 'sid-2' });

    expect((await tell(await world.idp.sign(claims({ sub: undefined, sid: 'sid-1' })))).status).toBe(200);

    expect(await stillSignedIn()).toEqual([false, false]);
    expect(await world.sessions.find('elsewhere')).not.toBeNull();
  });

  test.each<[string, object, object]>([
    ['for another client', { aud: 'other' }, {}],
    ['of another issuer', { iss: 'https://login.example.org' }, {}],
    ['that has expired', { exp: 1 }, {}],
    ['without the event', { events: {} }, {}],
    ['that is an ID token', { nonce: 'n' }, {}],
    ['that names nobody', { sub: undefined }, {}],
    ['without an id', { jti: undefined }, {}],
    ['of another type', {}, { typ: 'at+jwt' }],
  ])('a token %s ends nothing', async (_, changes, header) => {
    const { status } = await tell(await world.idp.sign(claims(changes), header));

    expect(status).toBe(401);
    expect(await stillSignedIn()).toEqual([true, true]);
  });

  test('a token with a signature that is not the provider’s ends nothing', async () => {
    const token = await world.idp.sign(claims());

    expect((await tell(`${token.slice(0, -6)}AAAAAA`)).status).toBe(401);
    expect((await tell('x')).status).toBe(401);
    expect(await stillSignedIn()).toEqual([true, true]);
  });

  test('by way of the browser, framed and without cookies', async () => {
    await withSid();
    const url = (sid: string) => `${world.portalUrl}/front-channel-logout?${new URLSearchParams({ iss: world.idp.issuer, sid })}`;

    expect((await fetch(url('sid-9'))).status).toBe(200);
    expect(await stillSignedIn()).toEqual([true, true]);
    expect((await fetch(url('sid-1'))).status).toBe(200);
    expect(await stillSignedIn()).toEqual([false, false]);
    expect((await fetch(url(''))).status).toBe(400);
  });
});
