import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { digest } from '../keys.ts';
import type { Application } from '../stores/records.ts';
import { application } from '../stores/testing/application.ts';
import { BROWSER_COOKIE, PORTAL_COOKIE } from './cookies.ts';
import { Browser } from './testing/browser.ts';
import { startWorld, type World } from './testing/world.ts';

const wiki = application({
  name: 'Wiki <1>',
  description: 'What we know',
  access: { users: [], groups: ['staff'] },
  homePath: 'start?view=all',
});
const board: Application = {
  ...wiki,
  id: 'board',
  name: 'Board',
  description: '',
  host: 'board.apps.example.com',
  access: { users: ['bob'], groups: [] },
};
const wild: Application = { ...wiki, id: 'wild', name: 'Wild', host: '*.dev.apps.example.com' };
const travel: Application = {
  ...wild,
  id: 'travel',
  name: 'Travel',
  singleSignOn: { method: 'linked', url: 'https://elsewhere.example.net/a?b=1&c=2', headers: {} },
};

const alice = {
  sub: 'a-1',
  preferred_username: 'alice',
  name: 'Alice <Ames>',
  email: 'alice@example.com',
  email_verified: true,
  groups: ['staff'],
  department: 'Sales',
  amr: ['pwd', 'mfa'],
};
const bob = { ...alice, sub: 'b-1', preferred_username: 'bob', name: 'Bob' };

let world: World;
let browser: Browser;
const NO_WISHES = { stepUp: null, loginHint: null, domainHint: null };

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  browser = new Browser();
  world.idp.user = alice;
  world.idp.away = false;
  world.applications = [wiki, board, wild, travel];
  world.tunnels = [];
  world.lines.length = 0;
});

const port = () => new URL(world.portalUrl).port;
const atApplication = (url: string) => url.startsWith('http://wiki.apps.example.com');
const toProvider = (url: string) => url.startsWith(world.idp.issuer);
const isCallback = (url: string) => url.startsWith(`${world.portalUrl}/callback/main`);
const signInUrl = (to = `http://wiki.apps.example.com:${port()}/a%2Fb/?q=1%20`, challenge = digest('browser')) =>
  `${world.portalUrl}/sign-in?${new URLSearchParams({ to, challenge })}`;
const portalSession = () => {
  const secret = browser.cookie(world.portalUrl, PORTAL_COOKIE);
  return secret === undefined ? null : world.sessions.find(digest(secret));
};
/** Which sessions there are, of whomever. */
const stored = async (): Promise<string[]> => {
  const all = await Promise.all(['alice', 'bob'].map((username) => world.sessions.withHandle({ username })));
  return all
    .flat()
    .map(({ id }) => id)
    .sort();
};

describe('the portal', () => {
  test('signs in by the provider whoever comes without a session, then lists the user’s applications', async () => {
    const { status, url, text, trail } = await browser.open(world.portalUrl);

    expect([status, url]).toEqual([200, `${world.portalUrl}/`]);
    expect(trail.filter(toProvider).length).toBeGreaterThan(0);
    expect(text).toContain('Alice &lt;Ames&gt;');
    expect(text).toMatch(new RegExp(`href="http://wiki.apps.example.com:${port()}/start\\?view=all">.*<strong>Wiki &lt;1&gt;</strong>`));
    expect(text).not.toMatch(/Board|Wild/);
    expect(text).toMatch(/href="https:\/\/elsewhere.example.net\/a\?b=1&amp;c=2">.*<strong>Travel/);
    expect(await portalSession()).toMatchObject({
      host: null,
      createdAt: world.clock,
      expiresAt: world.clock + 8 * 3_600_000,
      idToken: expect.stringMatching(/^eyJ/),
      user: {
        issuer: world.idp.issuer,
        subject: 'a-1',
        username: 'alice',
        name: 'Alice <Ames>',
        email: 'alice@example.com',
        groups: ['staff'],
        claims: { department: 'Sales' },
        amr: ['pwd', 'mfa'],
      },
    });
  });

  test('marks what cannot be used just now: under maintenance with the administrator’s words, offline without a live tunnel', async () => {
    const tunnel = {
      connectionId: 'a=',
      connector: 'c',
      group: 'office',
      openedAt: 0,
      seenAt: world.clock,
      expiresAt: world.clock + 1,
      draining: false,
    };
    world.applications = [wiki, { ...wiki, id: 'old', name: 'Old', maintenance: 'Back on <Monday>' }];
    const marks = async (tunnels: World['tunnels']) => {
      world.tunnels = tunnels;
      return [...(await browser.open(world.portalUrl)).text.matchAll(/<strong>(.*?)<\/strong>(?:<span class="mark">(.*?)<\/span>)?/g)].map(
        ([, name, mark]) => [name, mark],
      );
    };
    const maintained = ['Old', 'Under maintenance'];

    expect(await marks([tunnel])).toEqual([maintained, ['Wiki &lt;1&gt;', undefined]]);
    expect(await marks([])).toEqual([maintained, ['Wiki &lt;1&gt;', 'Offline']]);
    expect(await marks([{ ...tunnel, draining: true }])).toEqual([maintained, ['Wiki &lt;1&gt;', 'Offline']]);
    expect(await marks([{ ...tunnel, seenAt: world.clock - 200_000 }])).toEqual([maintained, ['Wiki &lt;1&gt;', 'Offline']]);
    expect((await browser.open(world.portalUrl)).text).toContain('Back on &lt;Monday&gt;');
  });

  test('marks nothing as offline when the registry cannot be read', async () => {
    world.tunnels = new Error('throttled');

    const { status, text } = await browser.open(world.portalUrl);

    expect(status).toBe(200);
    expect(text).not.toContain('Offline');
    expect(world.lines.join()).toContain('portal.reachability-unknown');
  });

  test('asks the provider with PKCE, state and nonce', async () => {
    const { url } = await browser.open(world.portalUrl, { until: toProvider });

    const query = Object.fromEntries(new URL(url).searchParams);
    expect(query).toMatchObject({
      response_type: 'code',
      client_id: 'sallyport',
      redirect_uri: `${world.portalUrl}/callback/main`,
      code_challenge_method: 'S256',
    });
    for (const name of ['code_challenge', 'nonce']) expect(query[name]).toMatch(/^[\w-]{43}$/);
    expect(query.state).not.toContain(Buffer.from('"verifier"').toString('base64url').slice(2, -2));
  });

  test('sets cookies that only this host gets, over HTTPS, out of scripts’ reach', async () => {
    const { url, setCookies } = await browser.open(world.portalUrl, { until: toProvider });
    const back = await browser.open(url, { until: isCallback });
    const cookie = browser.cookieHeader(world.portalUrl);

    const callback = await fetch(back.url, { redirect: 'manual', headers: { cookie } });

    const attributes = 'Secure; HttpOnly; SameSite=Lax';
    expect(setCookies).toEqual([expect.stringMatching(new RegExp(`^${BROWSER_COOKIE}=[\\w-]{43}; Path=/; Max-Age=600; ${attributes}$`))]);
    expect(callback.headers.getSetCookie()).toEqual([
      expect.stringMatching(new RegExp(`^${PORTAL_COOKIE}=[\\w-]{43}; Path=/; Max-Age=28800; ${attributes}$`)),
    ]);
  });

  test('tells programs to sign in instead of sending them away', async () => {
    const response = await fetch(world.portalUrl, { redirect: 'manual', headers: { accept: 'application/json' } });

    expect([response.status, response.headers.get('content-type')]).toEqual([401, 'application/problem+json']);
    expect(await response.json()).toMatchObject({ code: 'ERR_SIGN_IN_REQUIRED', id: 'r-1' });
  });
});

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

describe('when the provider', () => {
  test('says no, the user is told and nobody is signed in', async () => {
    world.idp.user = null;

    const { status, text } = await browser.open(world.portalUrl);

    expect(status).toBe(403);
    expect(text).toContain('ERR_IDENTITY_REFUSED');
    expect(await portalSession()).toBeNull();
    expect(world.lines.join()).toContain('access_denied');
  });

  test('gives no user name, the page says which claim is missing', async () => {
    world.idp.user = { ...alice, sub: 'n-1', preferred_username: undefined };

    const { status, text } = await browser.open(world.portalUrl);

    expect(status).toBe(403);
    expect(text).toContain('the claim “preferred_username” is missing');
    expect(await portalSession()).toBeNull();
  });

  test('goes away in the middle, there is a page, and trying again works', async () => {
    const { url } = await browser.open(signInUrl(), { until: isCallback });
    world.idp.away = true;

    const { status, text } = await browser.open(url);

    expect(status).toBe(502);
    expect(text).toContain('ERR_IDENTITY_PROVIDER_UNREACHABLE');
    world.idp.away = false;
    expect((await browser.open(url, { until: atApplication })).url).toContain('/.sallyport/session?code=');
  });

  test('refuses an outdated client secret, the current one is fetched', async () => {
    world.secret.kept = 'outdated';

    const { status } = await browser.open(world.portalUrl);

    expect([status, world.secret.kept]).toEqual([200, 'right']);
  });

  test('refuses the current client secret, the log says what to do and the page does not', async () => {
    Object.assign(world.secret, { kept: 'wrong', stored: 'wrong' });

    const { status, text } = await browser.open(world.portalUrl);

    Object.assign(world.secret, { kept: 'right', stored: 'right' });
    expect([status, text.includes('ERR_INTERNAL'), text.includes('secret')]).toEqual([500, true, false]);
    expect(world.lines.join()).toContain('store the current secret in Secrets Manager');
    expect(world.lines.join()).not.toContain('wrong"');
  });
});

test('a provider that is away from the start is asked again by the next request', async () => {
  const fresh = await startWorld();
  fresh.idp.user = alice;
  fresh.idp.away = true;

  const down = await new Browser().open(fresh.portalUrl);
  fresh.idp.away = false;
  const up = await new Browser().open(fresh.portalUrl);

  await fresh.close();
  expect([down.status, down.text.includes('ERR_IDENTITY_PROVIDER_UNREACHABLE'), up.status]).toEqual([502, true, 200]);
});

test('claims that the ID token leaves out come from userinfo', async () => {
  const small = await startWorld({ smallIdTokens: true });
  small.idp.user = alice;
  const visitor = new Browser();

  await visitor.open(small.portalUrl);

  const session = await small.sessions.find(digest(visitor.cookie(small.portalUrl, PORTAL_COOKIE) ?? ''));
  await small.close();
  expect(session?.user).toMatchObject({ username: 'alice', groups: ['staff'], claims: { department: 'Sales' } });
});

test('an e-mail address that is not verified is no user name', async () => {
  const byMail = await startWorld({ claimNames: { username: 'email', name: 'name', email: 'email', groups: 'groups', further: [] } });
  byMail.idp.user = { ...alice, email_verified: false };

  const { status, text } = await new Browser().open(byMail.portalUrl);

  await byMail.close();
  expect([status, text.includes('the e-mail address is not verified')]).toEqual([403, true]);
});

test('logs hold no secrets, codes or tokens of a sign-in', async () => {
  const { url } = await browser.open(signInUrl(), { until: atApplication });

  const log = world.lines.join('\n');
  expect(log).toContain('sign-in.completed');
  for (const secret of [new URL(url).searchParams.get('code'), browser.cookie(world.portalUrl, PORTAL_COOKIE), 'eyJ']) {
    expect(log).not.toContain(secret);
  }
});

describe('an application that asks for more', () => {
  const asks = (further: Record<string, string>) => `${signInUrl()}&${new URLSearchParams(further)}`;

  test('a second factor is asked for at the provider; the sign-in before goes on, and one sign-out ends both', async () => {
    world.idp.user = { ...alice, amr: ['pwd'] };
    await browser.open(world.portalUrl);
    const before = (await portalSession())!;
    world.idp.user = { ...alice, acr: 'mfa' };

    const { url, text, trail } = await browser.open(asks({ mfa: '1' }), { until: atApplication });

    const asked = new URL(trail.find(toProvider)!).searchParams;
    expect([asked.get('acr_values'), asked.get('prompt')]).toEqual(['mfa', 'login']);
    expect([url, text]).toEqual([expect.stringContaining('/.sallyport/session?code='), '']);
    expect(await portalSession()).toMatchObject({ mfa: true, previous: before.id });
    expect(await world.sessions.find(before.id)).toMatchObject({ mfa: false });

    await world.sessions.revoke((await portalSession())!.id);
    expect(await world.sessions.find(before.id)).toBeNull();
  });

  test('a session that is good enough goes straight back', async () => {
    world.idp.user = { ...alice, acr: 'mfa' };
    await browser.open(world.portalUrl);

    const { trail } = await browser.open(asks({ mfa: '1' }), { until: atApplication });

    expect(trail.filter(toProvider)).toEqual([]);
  });

  test('a recent sign-in is asked for, and the provider says when it was', async () => {
    await browser.open(world.portalUrl);
    expect(await portalSession()).toMatchObject({ authenticatedAt: null });
    world.clock = Date.now();

    const { trail } = await browser.open(asks({ max_age: '900' }), { until: atApplication });

    expect(new URL(trail.find(toProvider)!).searchParams.get('max_age')).toBe('900');
    expect((await portalSession())!.authenticatedAt).toBeGreaterThan(1_700_000_000_000);
  });

  test.each([
    ['the user of before', alice],
    ['another user', bob],
  ])(
    'a provider that shows no second factor of %s leads to a page, not round and round, and leaves the session as it was',
    async (_, user) => {
      world.idp.user = { ...alice, amr: ['pwd'], acr: 'mfa' };
      await browser.open(world.portalUrl);
      const before = await stored();
      // As a browser is whose user has signed out at the provider alone.
      const later = new Browser();
      later.setCookie(world.portalUrl, PORTAL_COOKIE, browser.cookie(world.portalUrl, PORTAL_COOKIE)!);
      world.idp.user = { ...user, amr: ['pwd'] };

      const { status, text, setCookies } = await later.open(asks({ mfa: '1', max_age: '1' }));

      expect([status, text]).toEqual([403, expect.stringContaining('ERR_STEP_UP_FAILED')]);
      expect(setCookies.join()).not.toContain(PORTAL_COOKIE);
      expect(await stored()).toEqual(before);
      expect(world.lines.filter((line) => line.includes('"audit":"step-up"')).join()).toContain(`"${user.preferred_username}"`);
    },
  );

  test.each(['mfa=0', 'mfa=yes', 'max_age=0', 'max_age=-1', 'max_age=1e9'])('%s is refused', async (further) => {
    expect((await browser.open(`${signInUrl()}&${further}`)).status).toBe(400);
  });
});
