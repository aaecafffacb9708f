// What becomes of a sign-in when the identity provider does not answer as it should.
import { describe, expect, test } from '@jest/globals';
import { digest } from '../keys.ts';
import { PORTAL_COOKIE } from './cookies.ts';
import { Browser } from './testing/browser.ts';
import { alice, atApplication, browser, isCallback, portalSession, signInUrl, world } from './testing/signing-in.ts';
import { startWorld } from './testing/world.ts';

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
