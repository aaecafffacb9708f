import { describe, expect, test } from '@jest/globals';
import { PORTAL_COOKIE } from './cookies.ts';
import { Browser } from './testing/browser.ts';
import { alice, atApplication, bob, browser, portalSession, signInUrl, stored, toProvider, world } from './testing/signing-in.ts';

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
