// What browsers do when a session has ended, all at once: a page's scripts ask a hundred times, tabs are opened together.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { control } from '../support/administrator.ts';
import { signInAs, startBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
let browser: Browser;

beforeAll(async () => {
  world = await startWorld();
  browser = await startBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await world?.dispose();
}, 60_000);

const ours = async (context: BrowserContext, url: string): Promise<string[]> =>
  (await context.cookies(url)).map(({ name }) => name).filter((name) => name.startsWith('__Host-sallyport-'));
const atApplication = (page: Page) => page.getByRole('heading', { level: 1 }).waitFor();

test('a hundred requests of a page’s scripts are told where to sign in, go nowhere, and leave one cookie; one sign-in follows', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(world.url('intranet'));
  await signInAs(page, world, 'carol');
  await atApplication(page);
  await control(world).revokeSessions({ user: 'carol' });
  // Each router that has seen the session believes its memory for up to ten seconds.
  await eventually(30_000, async () => {
    const statuses = await page.evaluate(() => Promise.all(Array.from({ length: 100 }, async () => (await fetch('/')).status)));
    expect(new Set(statuses)).toEqual(new Set([401]));
  });
  const elsewhere: string[] = [];
  page.on('request', (request) => request.url().startsWith(world.url('intranet')) || elsewhere.push(request.url()));

  const answers = await page.evaluate(() =>
    Promise.all(
      Array.from({ length: 100 }, async () => {
        const { status, headers, redirected } = await fetch('/whoami');
        return [status, redirected, headers.get('content-type'), headers.get('sallyport-sign-in')?.split('?')[0]].join(' ');
      }),
    ),
  );

  expect([...new Set(answers)]).toEqual([`401 false application/problem+json ${world.ready.portal}sign-in`]);
  expect(elsewhere).toEqual([]);
  expect((await ours(context, world.url('intranet'))).sort()).toEqual(['__Host-sallyport-session', '__Host-sallyport-sign-in']);
  await page.reload();
  await atApplication(page);
  expect(await control(world).sessions('carol')).toHaveLength(1);
  await context.close();
}, 90_000);

test('tabs that are opened at once all end in the application, whichever the user signs in from', async () => {
  const context = await browser.newContext();
  const tabs = await Promise.all(Array.from({ length: 5 }, () => context.newPage()));
  await Promise.all(tabs.map((tab) => tab.goto(`${world.url('intranet')}guestbook`)));

  await signInAs(tabs[0]!, world, 'dave');
  await tabs[0]!.waitForURL(`${world.url('intranet')}guestbook`);
  await Promise.all(tabs.slice(1).map((tab) => tab.goto(`${world.url('intranet')}guestbook`)));

  for (const tab of tabs) expect(tab.url()).toBe(`${world.url('intranet')}guestbook`);
  expect((await ours(context, world.url('intranet'))).length).toBeLessThanOrEqual(2);
  await context.close();
}, 90_000);
