// A sign-in loses nothing: the fragment of a deep link, and a form that was sent after the session had ended.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { control } from '../support/administrator.ts';
import { picture, signInAs, startBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  world = await startWorld();
  browser = await startBrowser();
  page = await (await browser.newContext()).newPage();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await world?.dispose();
}, 60_000);

test('the fragment of a deep link is there after signing in', async () => {
  const link = `${world.url('intranet')}guestbook?page=2#entry=7&x=%20`;

  await page.goto(link);
  await signInAs(page, world, 'bob');
  await page.getByRole('button', { name: 'Sign', exact: true }).waitFor();

  expect(page.url()).toBe(link);
}, 60_000);

test('an address that no sign-in could carry is there after it, fragment and all', async () => {
  const context = await browser.newContext();
  const tab = await context.newPage();
  const link = `${world.url('intranet')}guestbook?page=2&long=${'%C3%A4%26'.repeat(600)}#${'f'.repeat(20_000)}`;

  await tab.goto(link);
  await signInAs(tab, world, 'bob');
  await tab.getByRole('button', { name: 'Sign', exact: true }).waitFor();

  expect(tab.url()).toBe(link);
  await context.close();
}, 60_000);

test('a form that is sent after the session ended is kept, and arrives once the user has signed in again', async () => {
  await page.getByLabel('Your words').fill('Written with care: <ä> & "ö"');
  await control(world).revokeSessions({ user: 'bob' });
  // A router believes its memory for ten seconds at most.
  await eventually(30_000, async () => {
    expect(await page.evaluate(async () => (await fetch('/')).status)).toBe(401);
  });

  await page.getByRole('button', { name: 'Sign', exact: true }).click();
  await page.getByRole('link', { name: 'Sign in and send' }).waitFor();
  await picture(page, 'kept-form');
  const [other] = await Promise.all([page.context().waitForEvent('page'), page.getByRole('link', { name: 'Sign in and send' }).click()]);
  // The provider knows the user still, so the other tab comes back at once, tells the first one, and closes.
  await Promise.all([other.waitForEvent('close'), page.waitForURL('**/guestbook')]);
  await page.getByText('Written with care: <ä> & "ö"').waitFor();

  expect(page.url()).toContain('/guestbook');
}, 90_000);

test('a tab that the browser opens again after the session has ended signs in, and is back where it was', async () => {
  const link = `${world.url('intranet')}guestbook?page=3#entry=8`;
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign', exact: true }).waitFor();
  await control(world).revokeSessions({ user: 'bob' });
  await eventually(30_000, async () => {
    expect(await page.evaluate(async () => (await fetch('/')).status)).toBe(401);
  });
  const visited: string[] = [];
  page.on('request', (request) => visited.push(request.url()));

  // As on a phone that has thrown the page away, and what it had in its cache: all that is left is the address in the tab's history.
  await page.goto('about:blank');
  await (await page.context().newCDPSession(page)).send('Network.clearBrowserCache');
  await page.goBack();
  await page.waitForURL(link);
  await page.getByRole('button', { name: 'Sign', exact: true }).waitFor();

  expect(visited.some((url) => url.startsWith(`${world.ready.portal}sign-in?`))).toBe(true);
  expect(await page.evaluate(async () => (await fetch('/')).status)).toBe(200);
}, 90_000);
