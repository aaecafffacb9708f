// The portal's own page: the user's applications, after a sign-in.
import { describe, expect, test } from '@jest/globals';
import { BROWSER_COOKIE, PORTAL_COOKIE } from './cookies.ts';
import { browser, isCallback, port, portalSession, toProvider, wiki, world } from './testing/signing-in.ts';
import type { World } from './testing/world.ts';

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
