// The whole way with an OpenID provider that somebody else wrote: LemonLDAP::NG, as Debian ships it.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { picture, startBrowser } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { asOpenidProvider, type Lemonldap, signInAtLemonldap, startLemonldap } from '../support/lemonldap.ts';
import { testSignIn, toldIn } from '../support/provider-tests.ts';
import { type ProviderWorld, startProviderWorld } from '../support/provider-world.ts';

let world: ProviderWorld;
let lemonldap: Lemonldap;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  const port = await freePort();
  world = await startProviderWorld({ issuer: `http://127.0.0.1:${port}` });
  const relyingParty = {
    clientId: 'sallyport',
    clientSecret: world.clientSecret,
    redirectUri: `${world.portal}callback/local`,
    postLogoutRedirectUri: `${world.portal}signed-out`,
    frontChannelLogoutUri: `${world.portal}front-channel-logout`,
  };
  lemonldap = await startLemonldap(port, asOpenidProvider(relyingParty));
  browser = await startBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await lemonldap?.dispose();
  await world?.dispose();
}, 60_000);

beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
});
afterEach(() => context.close());

testSignIn(() => ({ page, world, lemonldap }));

test('who is signed in at the provider already is not asked again', async () => {
  await page.goto(lemonldap.url);
  await signInAtLemonldap(page, 'rtyler', 'rtyler');
  await page.waitForURL(`${lemonldap.url}/**`);

  await page.goto(world.intranet);

  await page.getByRole('heading', { name: 'Good day, Rose Tyler' }).waitFor();
  expect(await toldIn(page, 'remote-user')).toBe('rtyler');
}, 60_000);

test('signing out in the portal ends the session at the provider too', async () => {
  await page.goto(world.intranet);
  await signInAtLemonldap(page, 'msmith', 'msmith');
  await page.getByRole('heading', { name: 'Good day, Mickey Smith' }).waitFor();

  await page.goto(`${world.portal}sign-out`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('Do you want to logout?').waitFor();
  await picture(page, 'lemonldap-sign-out');
  await page.getByRole('button', { name: 'Accept' }).click();
  // Between two pages it tells all its applications, us as well, whose session is gone already.
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  expect(page.url()).toContain(`${world.portal}signed-out`);

  await page.goto(world.portal);
  await page.locator('#userfield').waitFor();
}, 60_000);

test('signing out at the provider ends the session here: front-channel logout', async () => {
  await page.goto(world.intranet);
  await signInAtLemonldap(page, 'dwho', 'dwho');
  await page.getByRole('heading', { name: 'Good day, Doctor Who' }).waitFor();

  const told = page.waitForResponse((response) => response.url().startsWith(`${world.portal}front-channel-logout`));
  await page.goto(`${lemonldap.url}/?logout=1`);
  expect((await told).status()).toBe(200);

  await page.goto(world.portal);
  await page.locator('#userfield').waitFor();
}, 60_000);
