// Applications whose service worker answers every navigation from its store, in Chromium: signing in leads into them all the same, whether the
// browser had the worker before the application was published or got it through us, and whatever its scope.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { signInAs, startBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { startWorkerOrigin, type WorkerOrigin } from '../support/worker-origin.ts';
import { startWorld, type World } from '../support/world.ts';

const HOST = 'stored.apps.sallyport.localhost';
/** Chromium looks for a newer worker a while after a page was shown. */
const UPDATE_MS = 60_000;

let port: number;
let origin: WorkerOrigin;
let world: World;
let browser: Browser;
/** By scope: a browser that had the application's worker before it was published. */
const before = new Map<string, BrowserContext>();

const url = (path: string) => `http://${HOST}:${port}${path}`;

/** The application's worker answers navigations of this page from now on. */
const underWorker = async (page: Page): Promise<void> => {
  await page.getByText('Data: good').waitFor();
  await page.waitForFunction('navigator.serviceWorker.controller?.state === "activated"');
};
const isStored = (page: Page): Promise<boolean> => page.evaluate('performance.getEntriesByType("navigation")[0].workerStart > 0');
const signOut = async (context: BrowserContext): Promise<void> => {
  await context.clearCookies();
};

beforeAll(async () => {
  port = await freePort();
  browser = await startBrowser();
  // It is at its external address already, without us.
  const direct = await startWorkerOrigin(port);
  for (const scope of ['/', '/app/']) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url(scope));
    await underWorker(page);
    await page.goto(url(scope));
    expect(await isStored(page)).toBe(true);
    await page.close();
    before.set(scope, context);
  }
  await direct.dispose();

  origin = await startWorkerOrigin();
  world = await startWorld('--publish', `stored=${origin.url}`, '--port', String(port));
  await world.apply([{ id: 'stored', name: 'Stored', externalUrl: `https://${HOST}/`, internalUrl: origin.url, access: 'everyone' }]);
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await world?.dispose();
  await origin?.dispose();
}, 60_000);

describe.each(['/', '/app/'])('a worker of scope %s that was there before us', (scope) => {
  test('lets its user sign in once, and the application works again', async () => {
    const context = before.get(scope)!;
    const page = await context.newPage();
    await page.goto(url(`${scope}?a=b`));

    await page.getByLabel('User name').waitFor({ timeout: UPDATE_MS });
    await signInAs(page, world, 'bob');
    await page.waitForURL(url(`${scope}?a=b`));
    await page.getByText('Data: good').waitFor();

    // The application's own worker is back, and answers.
    await eventually(UPDATE_MS, async () => {
      await page.goto(url(scope));
      await page.getByText('Data: good').waitFor();
      expect(await isStored(page)).toBe(true);
    });
    await page.close();
  }, 180_000);
});

describe.each(['/', '/app/'])('a worker of scope %s that came through us', (scope) => {
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(url(scope));
    await signInAs(page, world, 'bob');
    await page.waitForURL(url(scope));
    await underWorker(page);
  }, 120_000);
  afterAll(() => context?.close());

  test('answers none of our own pages', async () => {
    const titles = [];
    for (const path of ['signed-in', 'frame', 'visit', 'session', 'sign-out', 'nothing']) {
      await page.goto(url(`/.sallyport/${path}`));
      titles.push(await page.title());
    }

    expect(titles).not.toContain('Stored');
  }, 60_000);

  test('lets its user sign in again when the session has ended, and brings them where they wanted to go', async () => {
    await page.goto(url(`${scope}place?c=d#fragment`));
    await page.getByText('Data: good').waitFor();
    await signOut(context);
    // The page has come from the store, without a script of ours: the worker steps aside.
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.getByText('Refused: 401').waitFor();
    await page.goto(url(`${scope}place?c=d#fragment`));

    await page.getByLabel('User name').waitFor({ timeout: UPDATE_MS });
    await signInAs(page, world, 'bob');

    await page.waitForURL(url(`${scope}place?c=d#fragment`));
    await underWorker(page);
  }, 180_000);
});

test('a page that is open when the session ends stays, offers to sign in, and comes back to its place', async () => {
  const context = await browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  await page.goto(url('/place?c=d#fragment'));
  await signInAs(page, world, 'bob');
  await page.getByText('Data: good').waitFor();
  await signOut(context);

  await page.getByRole('button', { name: 'Ask' }).click();
  await page.getByText('Refused: 401').waitFor();
  const offer = page.getByRole('alert').filter({ hasText: 'To go on, please sign in.' });
  await offer.waitFor();
  expect(page.url()).toBe(url('/place?c=d#fragment'));
  await offer.getByRole('button', { name: 'Sign in' }).click();
  await signInAs(page, world, 'bob');

  await page.waitForURL(url('/place?c=d#fragment'));
  await page.getByText('Data: good').waitFor();
  await context.close();
}, 120_000);
