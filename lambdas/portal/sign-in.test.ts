import { describe, expect, test } from '@jest/globals';
import { digest } from '../keys.ts';
import { BROWSER_COOKIE, PORTAL_COOKIE } from './cookies.ts';
import { Browser } from './testing/browser.ts';
import {
  alice,
  atApplication,
  bob,
  browser,
  isCallback,
  NO_WISHES,
  port,
  portalSession,
  signInUrl,
  toProvider,
  world,
} from './testing/signing-in.ts';

describe('signing in to an application', () => {
  test('ends with a code for that host, that browser and the very address that was asked for', async () => {
    const { url } = await browser.open(signInUrl(), { until: atApplication });

    const { origin, pathname, searchParams } = new URL(url);
    const code = await world.sessions.takeCode(digest(searchParams.get('code') ?? ''));
    expect([origin, pathname]).toEqual([`http://wiki.apps.example.com:${port()}`, '/.sallyport/session']);
    expect(code).toEqual({
      id: expect.any(String),
      parent: (await portalSession())?.id,
      host: 'wiki.apps.example.com',
      challenge: digest('browser'),
      returnHost: 'wiki.apps.example.com',
      returnTo: '/a%2Fb/?q=1%20',
      visits: [],
      visited: 0,
      expiresAt: world.clock + 60_000,
    });
  });

  test('needs no second visit to the provider', async () => {
    await browser.open(signInUrl(), { until: atApplication });

    const { trail } = await browser.open(signInUrl(), { until: atApplication });

    expect(trail).toHaveLength(1);
  });

  test.each([
    ['an address elsewhere', () => signInUrl('https://evil.example/')],
    ['no address', () => `${world.portalUrl}/sign-in?challenge=${digest('browser')}`],
    ['two addresses', () => `${signInUrl()}&to=x`],
    ['no challenge', () => signInUrl(undefined, '')],
    ['a challenge that is none', () => signInUrl(undefined, 'x'.repeat(44))],
  ])('is refused with %s', async (_, url) => {
    const { status, text } = await browser.open(url());

    expect(status).toBe(400);
    expect(text).toContain('ERR_REQUEST_INVALID');
  });
});

describe('coming back from the provider', () => {
  const goAndReturn = async () => {
    const { url } = await browser.open(signInUrl(), { until: isCallback });
    return url;
  };

  test('counts only in the browser that went; one that keeps no cookies comes to a page that says so, and not round and round', async () => {
    const url = await goAndReturn();

    const { status, text, trail } = await new Browser().open(url);

    expect(status).toBe(400);
    expect(text).toContain('ERR_SIGN_IN_INVALID');
    expect(text).toContain('begun in another browser, or cookies are blocked');
    expect(trail).toEqual([url]);
  });

  test('in a tab whose cookie another tab has replaced begins anew by itself, and what it brought counts for nothing', async () => {
    const url = await goAndReturn();
    browser.setCookie(world.portalUrl, BROWSER_COOKIE, 'b'.repeat(43));

    const anew = await browser.open(url, { until: toProvider });
    expect(browser.cookie(world.portalUrl, PORTAL_COOKIE)).toBeUndefined();
    const end = await browser.open(anew.url, { until: atApplication });

    expect(atApplication(end.url)).toBe(true);
    expect(browser.cookie(world.portalUrl, PORTAL_COOKIE)).toBeDefined();
  });

  test('counts only once', async () => {
    const url = await goAndReturn();
    await browser.open(url, { until: atApplication });

    const { status, text } = await browser.open(url);

    expect(status).toBe(400);
    expect(text).toContain('ERR_SIGN_IN_INVALID');
    expect(text).toContain(`href="http://wiki.apps.example.com:${port()}/a%2Fb/?q=1%20">Try again`);
  });

  test('counts for ten minutes', async () => {
    const url = await goAndReturn();
    world.clock += 600_001;

    const { status, text } = await browser.open(url);

    expect([status, text.includes('ERR_SIGN_IN_INVALID')]).toEqual([400, true]);
  });

  test.each([
    ['without state', (url: URL) => url.searchParams.delete('state')],
    ['with two states', (url: URL) => url.searchParams.append('state', 'x')],
    ['with a state that was altered', (url: URL) => url.searchParams.set('state', `${url.searchParams.get('state')?.slice(0, -2)}AA`)],
    ['with a state in clear', (url: URL) => url.searchParams.set('state', 'eyJhbGciOiJub25lIn0.e30.')],
    ['with another code', (url: URL) => url.searchParams.set('code', 'x')],
  ])('counts for nothing %s', async (_, alter) => {
    const url = new URL(await goAndReturn());
    alter(url);

    const { status, text } = await browser.open(url.href);

    expect([status, text.includes('ERR_SIGN_IN_INVALID')]).toEqual([400, true]);
    expect(await portalSession()).toBeNull();
  });

  test('with another answer than that to our question counts for nothing: nonce, verifier', async () => {
    const states = { state: 's', nonce: 'n'.repeat(43), verifier: 'v'.repeat(43) };
    const provider = world.providers[0]!;
    const answer = async () =>
      new URL((await browser.open(await provider.signInUrl(states, NO_WISHES), { until: isCallback })).url).searchParams;

    const nonce = provider.redeem(await answer(), { ...states, nonce: 'm'.repeat(43) });
    await expect(nonce).rejects.toMatchObject({ code: 'ERR_IDENTITY_REFUSED' });
    const verifier = provider.redeem(await answer(), { ...states, verifier: 'w'.repeat(43) });
    await expect(verifier).rejects.toMatchObject({ code: 'ERR_SIGN_IN_INVALID' });
    const state = provider.redeem(await answer(), { ...states, state: 't' });
    await expect(state).rejects.toMatchObject({ code: 'ERR_IDENTITY_REFUSED' });
  });

  test('makes a new session whatever the browser brought, and ends another user’s', async () => {
    const stranger = new Browser();
    world.idp.user = bob;
    await stranger.open(world.portalUrl);
    const planted = stranger.cookie(world.portalUrl, PORTAL_COOKIE) ?? '';
    world.idp.user = alice;
    const url = await goAndReturn();
    browser.setCookie(world.portalUrl, PORTAL_COOKIE, planted);

    await browser.open(url, { until: atApplication });

    expect(browser.cookie(world.portalUrl, PORTAL_COOKIE)).not.toBe(planted);
    expect(await portalSession()).toMatchObject({ user: { username: 'alice' } });
    expect(await world.sessions.find(digest(planted))).toBeNull();
  });

  test('in a second tab joins the session of the first', async () => {
    const first = await goAndReturn();
    const second = await goAndReturn();
    await browser.open(first, { until: atApplication });
    const session = await portalSession();

    const { url } = await browser.open(second, { until: atApplication });

    expect(await portalSession()).toEqual(session);
    const code = await world.sessions.takeCode(digest(new URL(url).searchParams.get('code') ?? ''));
    expect(code?.parent).toBe(session?.id);
  });
});

test('a session at the portal goes on while it is used, and is over when nobody did for its idle time', async () => {
  const browser = new Browser();
  await browser.open(`${world.portalUrl}/`);

  for (let visits = 0; visits < 3; visits += 1) {
    world.clock += 20 * 60_000;
    expect((await browser.open(`${world.portalUrl}/`)).trail).toHaveLength(1);
  }
  world.clock += 30 * 60_000;

  expect((await browser.open(`${world.portalUrl}/`)).trail.length).toBeGreaterThan(1);
});

test('logs hold no secrets, codes or tokens of a sign-in', async () => {
  const { url } = await browser.open(signInUrl(), { until: atApplication });

  const log = world.lines.join('\n');
  expect(log).toContain('sign-in.completed');
  for (const secret of [new URL(url).searchParams.get('code'), browser.cookie(world.portalUrl, PORTAL_COOKIE), 'eyJ']) {
    expect(log).not.toContain(secret);
  }
});
