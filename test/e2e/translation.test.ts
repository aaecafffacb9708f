// Four applications that we did not write, each sure that it lives at an internal address which no browser can reach: DokuWiki and
// Shaarli (PHP), TiddlyWiki (Node), Searx (Python). In Chromium they work under external ones, and nobody asks for an internal address.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { sallyport } from '../support/administrator.ts';
import { picture, signInAs, startBrowser } from '../support/browser.ts';
import { type DokuWiki, startDokuWiki } from '../support/dokuwiki.ts';
import { eventually } from '../support/eventually.ts';
import { externalUrl, publish } from '../support/publish.ts';
import { startSearx } from '../support/searx.ts';
import { type Shaarli, startShaarli } from '../support/shaarli.ts';
import { startTiddlyWiki } from '../support/tiddlywiki.ts';
import { stranger } from '../support/user.ts';
import { connectTo, type WebApplication } from '../support/web-application.ts';
import { startWorld, type World } from '../support/world.ts';

const INTERNAL = {
  handbook: 'http://handbook.corp.example/',
  shelf: 'http://shelf.corp.example/',
  notes: 'http://notes.corp.example/',
  search: 'http://search.corp.example/',
} as const;

let folder: string;
let dokuWiki: DokuWiki;
let shaarli: Shaarli;
const started: WebApplication[] = [];
let world: World;
let browser: Browser;
let page: Page;
/** What must stay empty: requests that leave for an internal address, and what the browser's console calls an error. */
const internal: string[] = [];
const complaints: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-translation-'));
  const indexed = { title: 'The welcome page', url: `${INTERNAL.handbook}doku.php?id=welcome`, content: 'the handbook says welcome' };
  const start = async <One extends WebApplication>(starting: Promise<One>): Promise<One> => {
    const application = await starting;
    started.push(application);
    return application;
  };
  dokuWiki = await start(startDokuWiki(INTERNAL.handbook));
  shaarli = await start(startShaarli(INTERNAL.shelf));
  const notes = await start(startTiddlyWiki(INTERNAL.notes));
  const search = await start(startSearx(INTERNAL.search, [indexed]));
  const all: Record<keyof typeof INTERNAL, WebApplication> = { handbook: dokuWiki, shelf: shaarli, notes, search };

  const config = join(folder, 'connector.yaml');
  const names = Object.keys(INTERNAL) as (keyof typeof INTERNAL)[];
  writeFileSync(config, JSON.stringify({ connectTo: names.map((name) => connectTo(INTERNAL[name], all[name])) }));
  const published = names.flatMap((name) => ['--publish', `${name}=${INTERNAL[name]}`]);
  world = await startWorld(...published, '--translate', '--connector-config', config);

  browser = await startBrowser();
  const context = await browser.newContext();
  context.on('request', (request) => {
    if (new URL(request.url()).hostname.endsWith('.corp.example')) internal.push(`${request.method()} ${request.url()}`);
  });
  context.on('console', (message) => {
    const { url } = message.location();
    const ours = new URL(url, world.ready.portal).hostname.includes('.apps.');
    if (message.type() === 'error' && ours && !isItsOwn(url, message.text())) complaints.push(`${url}: ${message.text()}`);
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  page = await context.newPage();
}, 240_000);

afterEach(() => {
  expect(internal.splice(0)).toEqual([]);
  expect(complaints.splice(0)).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await world?.dispose();
  await Promise.all(started.map((application) => application.dispose()));
  if (folder) rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** TiddlyWiki asks its own server for WebDAV (OPTIONS, HEAD), and that says no, wherever it runs. */
const isItsOwn = (url: string, text: string): boolean => url === at('notes') && text.includes('404');

const at = (application: keyof typeof INTERNAL, path = ''): string => new URL(path, world.url(application)).href;

test('the portal’s link to DokuWiki leads there', async () => {
  await page.goto(world.ready.portal);
  await signInAs(page, world, 'bob');

  await page.getByRole('link', { name: /handbook/i }).click();
  await page.waitForURL(`${at('handbook')}**`);

  expect(await page.title()).toContain('Handbook');
}, 60_000);

test('DokuWiki: signs in, edits, saves, follows its own links, all of them absolute', async () => {
  await page.getByRole('link', { name: 'Log In' }).first().click();
  // Once it has loaded, the page puts the focus into the user name: a password that is typed before that would end up there.
  await page.waitForURL('**do=login**');
  await page.fill('input[name=u]', dokuWiki.user.name);
  await page.fill('input[name=p]', dokuWiki.user.password);
  await page.locator('#dw__login button[type=submit]').click();
  await page.getByText('Edith Editor').first().waitFor();

  await page.goto(at('handbook', 'doku.php?id=welcome&do=edit'));
  await page.fill('#wiki__text', `====== Welcome inside ======\n\n[[${INTERNAL.shelf}|the shelf]] and [[start]]\n`);
  await page.locator('#edbtn__save').click();
  await page.getByRole('heading', { name: 'Welcome inside' }).waitFor();
  await picture(page, 'translation-dokuwiki');

  await page.getByRole('link', { name: 'start', exact: true }).first().click();
  await page.waitForURL(`${at('handbook')}**`);
  expect(page.url()).toContain('start');
}, 90_000);

test('Shaarli: reached by the link that DokuWiki’s page has to its internal address, signs in, keeps a bookmark', async () => {
  await page.goto(at('handbook', 'doku.php?id=welcome'));
  await page.getByRole('link', { name: 'the shelf' }).click();
  await page.waitForURL(`${at('shelf')}**`);

  await page.goto(at('shelf', 'login'));
  await page.locator('input[name=login]:visible').fill(shaarli.user.name);
  await page.locator('input[name=password]:visible').fill(shaarli.user.password);
  await page.locator('input[name=password]:visible').press('Enter');
  await page
    .getByRole('link', { name: /logout/i })
    .first()
    .waitFor();

  await page.goto(at('shelf', `admin/add-shaare`));
  await page.locator('input[name=post]:visible').fill('https://example.org/reading');
  await page.locator('input[name=post]:visible').press('Enter');
  await page.locator('input[name=lf_title]:visible').fill('Worth reading');
  await page.locator('input[name=save_edit]:visible').click();
  await page.getByText('Worth reading').first().waitFor();

  await picture(page, 'translation-shaarli');
}, 90_000);

test('TiddlyWiki: its page saves to the address that it was given', async () => {
  await page.goto(at('notes'));
  await page.locator('button[aria-label="new tiddler"]').first().click();
  await page.locator('input.tc-titlebar').fill('A note');
  await page.locator('.tc-edit-texteditor-body, .tc-tiddler-edit-frame textarea').first().waitFor({ state: 'attached' });
  const saved = page.waitForResponse((response) => response.request().method() === 'PUT' && response.url().includes('A%20note'));
  await page.locator('.tc-btn-\\%24\\%3A\\%2Fcore\\%2Fui\\%2FButtons\\%2Fsave').first().click();
  const response = await saved;

  await page.reload();
  await page.goto(`${at('notes')}#A%20note`);
  await page.getByRole('heading', { name: 'A note' }).first().waitFor();

  await picture(page, 'translation-tiddlywiki');
  expect(response.status()).toBeLessThan(300);
  expect(response.url()).toContain(at('notes'));
}, 90_000);

test('Searx: finds a page of DokuWiki by its internal address, and the link leads there; its settings are kept', async () => {
  await page.goto(at('search'));
  await page.locator('input[name=q]').fill('welcome');
  await page.locator('input[name=q]').press('Enter');
  await page.getByText('The welcome page').waitFor();
  const shown = await page.locator('input[name=search_url]').first().inputValue();
  await picture(page, 'translation-searx');
  await page.getByText('The welcome page').click();
  await page.getByRole('heading', { name: 'Welcome inside' }).waitFor();
  const found = page.url();

  await page.goto(at('search', 'preferences'));
  await page.locator('select[name=locale]').selectOption('de');
  await page.locator('input[type=submit]').first().click();
  await page.waitForURL(at('search'));

  expect(found).toBe(at('handbook', 'doku.php?id=welcome'));
  expect(shown).toContain(at('search', 'search?q=welcome'));
  expect(await page.locator('html').getAttribute('lang')).toContain('de');
}, 90_000);

test('before it is switched on, the administrator is told which internal addresses the pages hold; users get them as they are', async () => {
  await publish(world, [
    { id: 'handbook', internalUrl: INTERNAL.handbook, group: 'default', translation: { links: 'report' } },
    { id: 'shelf', internalUrl: INTERNAL.shelf, group: 'default' },
  ]);
  const told = await eventually(30_000, async () => {
    const answer = await stranger.fetch(externalUrl(world, 'handbook'));
    expect(answer.body.toString()).toContain(INTERNAL.handbook);
    const { output } = await sallyport(world, 'links', 'handbook', '--days', '1');
    expect(output).toContain(new URL(INTERNAL.handbook).origin);
    return output;
  });

  expect(told).toMatch(/http:\/\/handbook\.corp\.example +handbook +\d+ +markup \d+/);
  expect(told).toContain('With translation.links: on, links to http://handbook.corp.example lead to the external address.');
}, 60_000);
