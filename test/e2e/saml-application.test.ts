// An application that speaks SAML alone, and that we did not write: Apache's mod_auth_mellon, published and signed in to through the whole
// path. The portal is its identity provider.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { withMetadata } from '../../tenants/with-metadata.ts';
import { control } from '../support/administrator.ts';
import type { ApacheServer } from '../support/apache-server.ts';
import { picture, signInAs, startBrowser } from '../support/browser.ts';
import { type OwnConnector, startConnector } from '../support/connector.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { createServiceProvider, ownMetadata, type ServiceProvider, startMellon } from '../support/mellon.ts';
import { externalUrl } from '../support/publish.ts';
import { stranger } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

const GROUP = 'records';
const ENTITY_ID = 'https://records.example/saml';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-records-'));
let world: World;
let port: number;
let provider: ServiceProvider;
let connector: OwnConnector;
let mellon: ApacheServer;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** Of the application, external. */
let url: string;

beforeAll(async () => {
  port = await freePort();
  provider = createServiceProvider(ENTITY_ID, Date.now());
  writeFileSync(join(folder, 'records.xml'), ownMetadata(provider, 'https://records.apps.sallyport.localhost/'));
  world = await startWorld();
  url = externalUrl(world, 'records');
  const metadata = await stranger.fetch(`${world.ready.portal}saml/idp/metadata`);
  mellon = await startMellon({ port, provider, externalUrl: url, metadata: metadata.body.toString() });
  connector = await startConnector(world, GROUP, [`http://127.0.0.1:${port}/`]);
  await publish({});
  browser = await startBrowser();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await connector?.dispose();
  await mellon?.dispose();
  await world?.dispose();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
});
afterEach(() => context.close());

/** As `sallyport apply` reads a tenant file. */
const publish = (singleSignOn: object): Promise<void> => {
  const applications = [
    {
      id: 'records',
      name: 'Records',
      externalUrl: 'https://records.apps.sallyport.localhost/',
      internalUrl: `http://127.0.0.1:${port}/`,
      connectorGroup: GROUP,
      access: { users: ['bob', 'carol', 'dave'] },
      singleSignOn: {
        method: 'saml',
        metadata: 'records.xml',
        nameId: { format: 'unspecified' },
        attributes: { name: 'name', groups: 'groups' },
        ...singleSignOn,
      },
    },
  ];
  const { value, faults } = withMetadata({ applications }, folder);
  expect(faults).toEqual([]);
  return world.apply((value as { applications: object[] }).applications);
};

const user = () => page.locator('#user').innerText();
const records = () => page.getByRole('heading', { name: 'Records' }).waitFor();
const isSignedInAtPortal = async () => (await context.cookies(world.ready.portal)).some(({ name }) => name === '__Host-sallyport-portal');
const sessionsOf = async (username: string) => (await control(world).sessions(username)).map(({ id }) => id);
const isKnownThere = async () => (await context.cookies(url)).some(({ name }) => name === 'mellon-cookie');

test('a user opens it, signs in once, and it knows them; signing out there ends the session here', async () => {
  const known = await sessionsOf('bob');
  await page.goto(`${url}?from=mail`);
  await signInAs(page, world, 'bob');
  await records();
  await picture(page, 'saml-application');
  const before = [page.url(), await user(), await isSignedInAtPortal(), await isKnownThere()];
  const opened = (await sessionsOf('bob')).filter((id) => !known.includes(id));

  await page.getByRole('link', { name: 'Sign out of the records' }).click();
  await page.getByRole('heading', { name: 'Left' }).waitFor();

  expect(before).toEqual([`${url}?from=mail`, 'bob', true, true]);
  expect([await isSignedInAtPortal(), await isKnownThere()]).toEqual([false, false]);
  // What is left of it lets the application take the answer.
  expect(opened).toHaveLength(1);
  await eventually(60_000, async () => expect(await sessionsOf('bob')).not.toContain(opened[0]));
}, 120_000);

test('it is told what the tenant file says, encrypted for it; signing out here signs out there and at the identity provider', async () => {
  await publish({ encryption: { certificate: provider.certificate } });
  await page.goto(url);
  await signInAs(page, world, 'carol');
  await records();
  const told = [await user(), await page.locator('#name').innerText(), await page.locator('#groups').innerText()];

  await page.goto(`${world.ready.portal}sign-out`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();

  expect(told).toEqual(['carol', 'Carol Carter', 'contractors']);
  expect(await isKnownThere()).toBe(false);
  expect(await sessionsOf('carol')).toEqual([]);
}, 120_000);
