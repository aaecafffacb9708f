// Two applications that we did not write, through the whole path, in a real browser: DokuWiki (PHP, from Debian) and
// TiddlyWiki (Node, from npm). Sign in once, edit, upload, see it, sign out, and be asked again.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { picture, signInAs, startBrowser } from '../support/browser.ts';
import { type DokuWiki, startDokuWiki } from '../support/dokuwiki.ts';
import { eventually } from '../support/eventually.ts';
import { startTiddlyWiki } from '../support/tiddlywiki.ts';
import type { WebApplication } from '../support/web-application.ts';
import { startWorld, type World } from '../support/world.ts';

/** A red dot, 8 × 8. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mM4o6SEFTEMLQkAvM5EAUNdDNUAAAAASUVORK5CYII=',
  'base64',
);

let dokuWiki: DokuWiki;
let tiddlyWiki: WebApplication;
let world: World;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [dokuWiki, tiddlyWiki] = await Promise.all([startDokuWiki(), startTiddlyWiki()]);
  world = await startWorld('--publish', `handbook=${dokuWiki.url}`, '--publish', `notes=${tiddlyWiki.url}`);
  browser = await startBrowser();
  page = await (await browser.newContext()).newPage();
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await world?.dispose();
  await Promise.all([dokuWiki?.dispose(), tiddlyWiki?.dispose()]);
}, 60_000);

test('the portal asks to sign in, and lists the user’s applications', async () => {
  await page.goto(world.ready.portal);
  await picture(page, 'identity-provider');
  await signInAs(page, world, 'bob');

  await page.getByRole('link', { name: /handbook/i }).waitFor();
  await picture(page, 'portal');
  expect(await page.getByRole('link', { name: /notes/i }).count()).toBe(1);
}, 60_000);

test('DokuWiki: its own form signs in, a page is edited, a picture uploaded and seen', async () => {
  await page.getByRole('link', { name: /handbook/i }).click();
  await page.waitForURL(`${world.url('handbook')}**`);

  await page.goto(new URL('doku.php?id=start&do=login', world.url('handbook')).href);
  await page.fill('input[name=u]', dokuWiki.user.name);
  await page.fill('input[name=p]', dokuWiki.user.password);
  await page.locator('#dw__login button[type=submit]').click();
  await page.getByText('Edith Editor').first().waitFor();

  await page.goto(new URL('lib/exe/mediamanager.php?ns=', world.url('handbook')).href);
  const upload = page.locator('input[type=file]').first();
  await upload.waitFor({ state: 'attached' });
  await upload.setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: PICTURE });
  await page.locator('#mediamanager__upload_button').click();
  await page.getByText('dot.png').first().waitFor();

  await page.goto(new URL('doku.php?id=welcome&do=edit', world.url('handbook')).href);
  await page.fill('#wiki__text', '====== Welcome inside ======\n\n{{:dot.png}}\n');
  await page.locator('#edbtn__save').click();
  await page.getByRole('heading', { name: 'Welcome inside' }).waitFor();

  const width = await page.locator('img[src*="dot.png"]').evaluate(async (element) => {
    const image = element as unknown as { readonly naturalWidth: number; decode(): Promise<void> };
    await image.decode();
    return image.naturalWidth;
  });
  await picture(page, 'dokuwiki');
  expect(width).toBe(8);
}, 90_000);

test('TiddlyWiki: a single page saves by fetch, and what was saved is there after a reload', async () => {
  await page.goto(world.url('notes'));
  await page.locator('button[aria-label="new tiddler"], .tc-btn-\\%24\\%3A\\%2Fcore\\%2Fui\\%2FButtons\\%2Fnew-tiddler').first().click();
  await page.locator('input.tc-titlebar').fill('Höhe / 100% ?');
  await page.locator('.tc-edit-texteditor-body, .tc-tiddler-edit-frame textarea').first().waitFor({ state: 'attached' });
  const saved = page.waitForResponse((response) => response.request().method() === 'PUT' && response.url().includes('H%C3%B6he'));
  await page.locator('.tc-btn-\\%24\\%3A\\%2Fcore\\%2Fui\\%2FButtons\\%2Fsave').first().click();
  const status = (await saved).status();

  await page.goto(`${world.url('notes')}#${encodeURIComponent('Höhe / 100% ?')}`);
  await page.reload();
  await page.getByRole('heading', { name: 'Höhe / 100% ?' }).first().waitFor();

  await picture(page, 'tiddlywiki');
  expect(status).toBeLessThan(300);
}, 90_000);

test('after signing out at the portal, each application asks again', async () => {
  await page.goto(world.ready.portal);
  await page.getByRole('link', { name: /sign out/i }).click();
  await page.getByRole('button', { name: /sign out/i }).click();
  await picture(page, 'signed-out');

  // A router believes its memory for ten seconds at most.
  for (const application of ['handbook', 'notes']) {
    await eventually(30_000, async () => {
      await page.goto(world.url(application));
      await page.getByLabel('User name').waitFor({ timeout: 2000 });
    });
  }
}, 90_000);
