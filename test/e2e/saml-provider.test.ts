// The whole way with a SAML provider that somebody else wrote: LemonLDAP::NG, as Debian ships it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { parse, stringify } from 'yaml';
import { main as command } from '../../cli/main.ts';
import { TenantStack } from '../../lib/tenant-stack.ts';
import { loadTenant } from '../../tenants/load.ts';
import { startBrowser } from '../support/browser.ts';
import { ROOT } from '../support/files.ts';
import { freePort } from '../support/free-port.ts';
import { asSamlProvider, type Lemonldap, newSigningKey, type SigningKey, signInAtLemonldap, startLemonldap } from '../support/lemonldap.ts';
import { testSignIn } from '../support/provider-tests.ts';
import { type ProviderWorld, startProviderWorld } from '../support/provider-world.ts';
import { stranger } from '../support/user.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-saml-'));
const METADATA = 'lemonldap.xml';
let world: ProviderWorld;
let lemonldap: Lemonldap;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  const port = await freePort();
  const signing = newSigningKey();
  await fetchMetadata(port, signing);
  synthesise({
    id: 'lemonldap',
    protocol: 'saml',
    metadata: METADATA,
    signRequests: true,
    claims: { username: 'uid', name: 'cn', email: 'mail' },
  });
  world = await startProviderWorld({ assembly: join(folder, 'assembly') });
  const metadata = (await stranger.fetch(`${world.portal}saml/metadata`)).body.toString();
  lemonldap = await startLemonldap(port, asSamlProvider(signing, metadata));
  browser = await startBrowser();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await lemonldap?.dispose();
  await world?.dispose();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
});
afterEach(() => context.close());

/** As an administrator does, before anything is deployed: the provider knows nobody yet. */
const fetchMetadata = async (port: number, signing: SigningKey): Promise<void> => {
  const before = await startLemonldap(port, asSamlProvider(signing, null));
  try {
    const complained: string[] = [];
    const done = await command(['metadata', `${before.url}/saml/metadata`, join(folder, METADATA)], {
      say: () => {},
      complain: (line) => void complained.push(line),
    });
    expect([done, complained]).toEqual([0, []]);
  } finally {
    await before.dispose();
  }
};

/** The local tenant with this provider in place of its own. */
const synthesise = (provider: object): void => {
  const local = parse(readFileSync(join(ROOT, 'tenants/local.yaml'), 'utf8'));
  const applications = local.applications.map((application: object) => ({ ...application, singleSignOn: HEADERS }));
  const file = join(folder, 'local.yaml');
  writeFileSync(file, stringify({ ...local, identityProviders: [provider], applications }));
  const tenant = loadTenant(file);
  const app = new App({ outdir: join(folder, 'assembly'), builtinCloudFormationValidation: false, treeMetadata: false });
  new TenantStack(app, tenant);
  app.synth();
};
const HEADERS = {
  method: 'headers',
  headers: { 'Remote-User': 'username', 'Remote-Name': 'name', 'Remote-Email': 'email', 'Remote-Groups': 'groups' },
};

testSignIn(() => ({ page, world, lemonldap }));

test('a browser that runs no scripts gets there by a button', async () => {
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const without = await plain.newPage();
  await without.goto(world.intranet);
  for (const label of ['userfield', 'passwordfield']) await without.locator(`#${label}`).fill('rtyler');
  await without.locator('form:has(#userfield) button[type=submit]').click();
  // Its own page that posts the response needs a push as well.
  await without.locator('form[action*="/callback/lemonldap"] [type=submit]').click();

  await without.getByRole('button', { name: 'Continue' }).click();

  await without.getByRole('heading', { name: 'Good day, Rose Tyler' }).waitFor();
  await plain.close();
}, 60_000);

test('signing out in the portal ends the session at the provider too', async () => {
  await page.goto(world.intranet);
  await signInAtLemonldap(page, 'msmith', 'msmith');
  await page.getByRole('heading', { name: 'Good day, Mickey Smith' }).waitFor();

  await page.goto(`${world.portal}sign-out`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  // The provider answers, which leads back here.
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  expect(page.url()).toBe(`${world.portal}signed-out`);

  await page.goto(world.portal);
  await page.locator('#userfield').waitFor();
}, 60_000);

test('signing out at the provider ends the session here too, and the provider hears that it has', async () => {
  await page.goto(world.intranet);
  await signInAtLemonldap(page, 'rtyler', 'rtyler');
  await page.getByRole('heading', { name: 'Good day, Rose Tyler' }).waitFor();
  const answered = context.waitForEvent('response', (response) => response.url().startsWith(`${lemonldap.url}/saml/singleLogoutReturn?`));

  await page.goto(`${lemonldap.url}/?logout=1`);
  expect((await answered).status()).toBeLessThan(400);

  await page.goto(world.portal);
  await page.locator('#userfield').waitFor();
}, 60_000);

test('a sign-in that begins at the provider ends in one of ours, without typing anything again', async () => {
  await page.goto(lemonldap.url);
  await signInAtLemonldap(page, 'dwho', 'dwho');
  await page.getByText('Logout').first().waitFor();
  const brought = context.waitForEvent(
    'request',
    (request) => request.method() === 'POST' && request.url() === `${world.portal}callback/lemonldap`,
  );
  const asked = context.waitForEvent('request', (request) => request.url().startsWith(`${lemonldap.url}/saml/singleSignOn?SAMLRequest=`));

  await page.goto(`${lemonldap.url}/saml/singleSignOn?IDPInitiated=1&spConfKey=sallyport`);

  await Promise.all([brought, asked]);
  await page.getByText('Signed in as').waitFor();
  expect(page.url()).toBe(world.portal);
}, 60_000);
