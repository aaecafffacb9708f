// Passwords of users' own through the whole path, in a real browser: entered once at the portal, sealed there, and from then on an Apache
// with Basic and a DokuWiki with its page know the user without anything being typed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { accessibilityFaults } from '../support/accessibility.ts';
import { run, sallyport, sallyportReading } from '../support/administrator.ts';
import { type BasicApache, startBasicApache } from '../support/basic-apache.ts';
import { picture, signInAs, startBrowser } from '../support/browser.ts';
import { type DokuWiki, startDokuWiki } from '../support/dokuwiki.ts';
import { eventually } from '../support/eventually.ts';
import { connectorLog, FUNCTION_LOGS, functionLog } from '../support/logs.ts';
import { registryTable } from '../support/stored-credentials.ts';
import { signIn } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

const BOB = { name: 'bob-of-the-archive', password: 'correct-horse-battery' };
const CAROL = { name: 'carol-of-the-archive', password: 'two-of-them-at-once' };
const ALL = { name: 'everybody', password: 'the-shared-secret' };
const WRONG = 'not-the-password';

let folder: string;
let apache: BasicApache;
let dokuWiki: DokuWiki;
let world: World;
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-vault-'));
  const key = join(folder, 'vault.json');
  const { output } = await run(process.execPath, 'cli/sallyport.mjs', 'vault', 'create', key);
  const [, vaultKey] = /vaultKey: (\S+)/.exec(output)!;
  const config = join(folder, 'connector.yaml');
  writeFileSync(config, `vaultKeys: [${key}]\n`);

  [apache, dokuWiki] = await Promise.all([
    startBasicApache(Object.fromEntries([BOB, CAROL, ALL].map(({ name, password }) => [name, password]))),
    startDokuWiki(),
  ]);
  const published = ['archive', 'ledger', 'shelf'].flatMap((name) => ['--publish', `${name}=${apache.url}`]);
  world = await startWorld(...published, '--publish', `handbook=${dokuWiki.url}`, '--connector-config', config);
  const application = (id: string, internalUrl: string, singleSignOn: object) => ({
    id,
    name: `The ${id}`,
    externalUrl: `https://${id}.apps.sallyport.localhost/`,
    internalUrl,
    access: 'everyone',
    singleSignOn: { method: 'password', vaultKey, ...singleSignOn },
  });
  await world.apply([
    application('archive', apache.url, {}),
    application('ledger', apache.url, {}),
    application('shelf', apache.url, { credentials: 'shared' }),
    { ...application('handbook', dokuWiki.url, { scheme: 'form', form: { page: '/doku.php?do=login' } }), hostHeader: 'external' },
  ]);
  browser = await startBrowser();
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await world?.dispose();
  await Promise.all([apache?.dispose(), dokuWiki?.dispose()]);
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const visit = async (application: string, username = 'bob'): Promise<{ readonly context: BrowserContext; readonly page: Page }> => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(world.url(application));
  await signInAs(page, world, username);
  await page.waitForURL(`${world.url(application)}**`);
  return { context, page };
};

/** On the page that says that they are needed. */
const enter = async (page: Page, username: string, password: string): Promise<string[]> => {
  const bodies: string[] = [];
  page.on('request', (request) => {
    const body = request.postData();
    if (body !== null) bodies.push(body);
  });
  await page.getByRole('link', { name: /^Enter them/ }).click();
  await page.getByLabel(/^User name in/).fill(username);
  await page.getByLabel(/^Password in/).fill(password);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText(/^Entered /).waitFor();
  return bodies;
};

const attempts = () => apache.requests().filter(({ user, status }) => user !== '-' && status === 401).length;

test('Basic: the password is entered once, leaves the browser sealed, and Apache knows the user from then on', async () => {
  const { context, page } = await visit('archive');
  await page.getByText('ERR_CREDENTIALS_MISSING').waitFor();

  const bodies = await enter(page, BOB.name, BOB.password);
  await picture(page, 'password-entered');
  await page.goto(`${world.ready.portal}credentials`);
  await picture(page, 'password-list');
  const listFaults = await accessibilityFaults(page);
  await page.getByRole('link', { name: 'Change: The archive' }).click();
  const faults = await accessibilityFaults(page);
  await page.getByRole('link', { name: 'Open The archive' }).click();

  expect(await page.locator('#user').textContent()).toBe(BOB.name);
  expect(bodies).toHaveLength(1);
  for (const secret of [BOB.password, BOB.name]) expect(bodies[0]).not.toContain(secret);
  expect([...faults, ...listFaults]).toEqual([]);
  await context.close();

  const again = await visit('archive');
  await picture(again.page, 'password-basic');
  expect(await again.page.locator('#user').textContent()).toBe(BOB.name);
  expect(attempts()).toBe(0);
  await again.context.close();
}, 90_000);

test('two users at once are each known as themselves', async () => {
  const { context, page } = await visit('archive', 'carol');
  await enter(page, CAROL.name, CAROL.password);
  await context.close();

  const people = [BOB, CAROL];
  const programs = await Promise.all(['bob', 'carol'].map((username) => signIn(world, username, 'archive')));
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => programs[index % 2]!.fetch(world.url('archive'))));

  const seen = answers.map(({ body }) => /id="user">([\w-]+)/.exec(body.toString())?.[1]);
  expect(seen).toEqual(answers.map((_, index) => people[index % 2]!.name));
}, 90_000);

test('attack: sealed credentials that somebody moves in the table, to another user or another application, are not used', async () => {
  const table = await registryTable(world);
  const items = await table.credentials('archive');
  const [bobs, carols] = [BOB, CAROL].map(({ name }) => items.find(({ setBy }) => setBy === name.split('-')[0])!);
  await table.put({ ...carols!, sealed: bobs!.sealed });
  await table.put({ ...bobs!, pk: 'credentials#ledger' });
  const before = apache.requests().length;

  const programs = await Promise.all([signIn(world, 'carol', 'archive'), signIn(world, 'bob', 'ledger')]);
  const answers = await Promise.all([
    eventually(20_000, async () => {
      const answer = await programs[0].fetch(world.url('archive'));
      // Routers believe their memory for ten seconds.
      if (answer.status === 200) throw new Error('The ones before are still remembered.');
      return answer;
    }),
    programs[1].fetch(world.url('ledger')),
  ]);
  await table.put(carols!);
  await table.remove({ ...bobs!, pk: 'credentials#ledger' });

  expect(answers.map(({ status, body }) => [status, JSON.parse(body.toString()).code])).toEqual(
    Array(2).fill([502, 'ERR_CREDENTIALS_UNREADABLE']),
  );
  expect(
    apache
      .requests()
      .slice(before)
      .filter(({ user }) => user === BOB.name),
  ).toEqual([]);
}, 90_000);

test('a form: DokuWiki is filled in by the connector, its cookies stay there, and the user can write', async () => {
  const { context, page } = await visit('handbook');
  await page.getByText('ERR_CREDENTIALS_MISSING').waitFor();
  const bodies = await enter(page, dokuWiki.user.name, dokuWiki.user.password);
  await page.getByRole('link', { name: 'Open The handbook' }).click();
  await page.getByText('Edith Editor').first().waitFor();
  await context.close();

  const again = await visit('handbook');
  await again.page.getByText('Edith Editor').first().waitFor();
  await picture(again.page, 'password-form');
  await again.page.goto(`${world.url('handbook')}doku.php?id=notes&do=edit`);
  await again.page.locator('textarea[name=wikitext]').fill('Written without a password.');
  await again.page.getByRole('button', { name: 'Save' }).click();
  await again.page.getByText('Written without a password.').waitFor();

  const cookies = (await again.context.cookies(world.url('handbook'))).map(({ name }) => name);
  expect(cookies.filter((name) => /^DW|DokuWiki/.test(name))).toEqual([]);
  expect(bodies.filter((body) => body.includes(dokuWiki.user.password))).toEqual([]);
  await again.context.close();
}, 90_000);

test('a wrong password: one attempt, a page that says what to do, and no further attempt until another is entered', async () => {
  const { context, page } = await visit('ledger');
  await enter(page, BOB.name, WRONG);
  const before = attempts();

  await page.getByRole('link', { name: 'Open The ledger' }).click();
  await page.getByText('ERR_CREDENTIALS_REFUSED').waitFor();
  await picture(page, 'password-refused');
  const faults = await accessibilityFaults(page);
  const program = await signIn(world, 'bob', 'ledger');
  // Few at once: each takes an execution environment of its own, which a busy machine must start first.
  const answers = await Promise.all(Array.from({ length: 3 }, () => program.fetch(world.url('ledger'))));
  await page.reload();
  await page.getByText('ERR_CREDENTIALS_REFUSED').waitFor();

  expect(attempts() - before).toBe(1);
  for (const { body } of answers) {
    expect(JSON.parse(body.toString())).toMatchObject({
      status: 403,
      code: 'ERR_CREDENTIALS_REFUSED',
      detail: expect.stringContaining(`${world.ready.portal}credentials?application=ledger`),
    });
  }
  expect(faults).toEqual([]);

  await page.getByRole('link', { name: 'Enter them anew' }).click();
  await page.getByText('The application refused them').waitFor();
  await page.goBack();
  await enter(page, BOB.name, BOB.password);
  await page.getByRole('link', { name: 'Open The ledger' }).click();
  expect(await page.locator('#user').textContent()).toBe(BOB.name);
  await context.close();
}, 90_000);

test('credentials that all users share are set by the command, which takes the password from its input alone', async () => {
  const { context, page } = await visit('shelf');
  await page.getByText('ERR_CREDENTIALS_MISSING').waitFor();
  expect(await page.getByRole('link', { name: /^Enter/ }).count()).toBe(0);

  const said = await sallyportReading(world, `${ALL.password}\n`, 'credentials', 'set', 'shelf', ALL.name);
  await page.reload();

  expect(said).toMatchObject({ status: 0, output: expect.stringContaining('for all its users') });
  expect(await page.locator('#user').textContent()).toBe(ALL.name);
  await context.close();

  expect(await sallyport(world, 'credentials', 'remove', 'shelf')).toMatchObject({ status: 0 });
}, 90_000);

test('no log has any of the passwords', async () => {
  const functions = await Promise.all(FUNCTION_LOGS.map((name) => functionLog(world, name)));
  const connector = connectorLog(world.ready.connectors[0]!.logFile);
  const text = JSON.stringify([functions, connector]) + world.child.output();

  expect(text).toContain('credentials.set');
  expect(connector.length).toBeGreaterThan(0);
  for (const secret of [BOB.password, ALL.password, WRONG, dokuWiki.user.password]) expect(text).not.toContain(secret);
});
