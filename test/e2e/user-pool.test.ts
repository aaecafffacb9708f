// A tenant without an identity provider: its own user pool signs users in, in a real browser, tells groups, and signs them out.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { signInAs, startBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World } from '../support/world.ts';

const DOMAIN = 'sallyport.localhost';

let folder: string;
let world: World;
let browser: Browser;
let page: Page;

const application = (id: string, settings: object) => ({
  id,
  name: id,
  externalUrl: `https://${id}.apps.${DOMAIN}/`,
  internalUrl: 'http://intranet.corp.example/',
  ...settings,
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-pool-'));
  const file = join(folder, 'pool.yaml');
  const singleSignOn = { method: 'headers', headers: { 'Remote-User': 'username', 'Remote-Groups': 'groups' } };
  const applications = [
    application('intranet', { access: { groups: ['staff'] }, singleSignOn }),
    application('vault', { access: 'everyone', conditions: [{ name: 'second factor', require: { mfa: true } }] }),
  ];
  writeFileSync(file, JSON.stringify({ tenant: 'pool', domain: DOMAIN, applications }));
  world = await startWorld('--tenant', file);
  browser = await startBrowser();
  page = await (await browser.newContext()).newPage();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await world?.dispose();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

test('a user of the pool signs in, and applications are told the address and the groups', async () => {
  await page.goto(`${world.url('intranet')}whoami`);
  await signInAs(page, world, 'bob');
  await page.waitForURL(`${world.url('intranet')}whoami`);

  const { headers } = JSON.parse(await page.locator('body').innerText());

  expect(world.ready.identityProvider).toMatch(/\/us-east-1_[a-z0-9]{9}$/);
  expect(headers).toMatchObject({ 'remote-user': 'bob@example.com', 'remote-groups': 'staff' });
}, 60_000);

test('what asks for a second factor stays shut: the pool does not tell of one', async () => {
  await page.goto(world.url('vault'));
  await signInAs(page, world, 'bob');
  await page.getByText('ERR_STEP_UP_FAILED').waitFor();

  expect(new URL(page.url()).origin).toBe(new URL(world.ready.portal).origin);
}, 60_000);

test('signing out ends the session at the pool as well, and comes back', async () => {
  await page.goto(`${world.ready.portal}sign-out`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${world.ready.portal}signed-out`);

  // A router believes its memory for ten seconds at most.
  await eventually(30_000, async () => {
    await page.goto(`${world.url('intranet')}whoami`);
    expect(new URL(page.url()).origin).toBe(new URL(world.ready.identityProvider).origin);
  });
  await page.getByLabel('User name').waitFor();
}, 60_000);

test('the pool’s sign-out leads nowhere but to registered addresses', async () => {
  const url = new URL(`${world.ready.identityProvider}/logout?client_id=x&logout_uri=https://evil.example/`);

  const { status, headers } = await fetch(url, { redirect: 'manual' });

  expect([status, headers.get('location')]).toEqual([400, null]);
});
