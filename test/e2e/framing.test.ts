// An application in a frame of another site, in a browser that gives frames of other sites no cookies but partitioned ones: signing in
// there, and what sites that are not listed get.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Frame, Page } from 'playwright-core';
import { accessibilityFaults } from '../support/accessibility.ts';
import { control } from '../support/administrator.ts';
import { picture, signInAs, startBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World } from '../support/world.ts';

let framer: Server;
let world: World;
let browser: Browser;
let context: BrowserContext;
let page: Page;

/** The same page under two names: the first is listed, the second is another site. */
const listed = () => `http://127.0.0.1:${(framer.address() as AddressInfo).port}`;
const unlisted = () => `http://localhost:${(framer.address() as AddressInfo).port}`;

beforeAll(async () => {
  framer = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://framer');
    const address = (searchParams.get('show') ?? '').replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    const frame = address === '' ? '' : `<iframe src="${address}" title="An application" width="900" height="500"></iframe>`;
    response
      .setHeader('content-type', 'text/html')
      .end(`<!doctype html><html lang="en"><title>Framer</title><main><h1>Framer</h1>${frame}</main></html>`);
  });
  framer.listen(0);
  await once(framer, 'listening');
  world = await startWorld();
  const [intranet] = await control(world).applications();
  const entry = (id: string, framedBy: readonly string[]) => ({
    id,
    name: id,
    externalUrl: `https://${intranet!.host.replace('intranet', id)}/`,
    internalUrl: intranet!.internalUrl,
    connectorGroup: intranet!.connectorGroup,
    access: 'everyone',
    framedBy,
  });
  await world.apply([entry('intranet', [listed()]), entry('closed', [])]);
  browser = await startBrowser('--test-third-party-cookie-phaseout');
  context = await browser.newContext();
  page = await context.newPage();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await world?.dispose();
  framer?.close();
}, 60_000);

const show = async (site: string, url: string): Promise<Frame> => {
  await page.goto(`${site}/?show=${encodeURIComponent(url)}`);
  return page.frames().find((frame) => frame !== page.mainFrame())!;
};
const guestbook = () => `${world.url('intranet')}guestbook?page=2#entry=7`;
const closed = () => world.url('intranet').replace('intranet', 'closed');

test('a frame of a listed site signs in by a tab, keeps its address, and loops nowhere', async () => {
  const loads: string[] = [];
  page.on('request', (request) => {
    if (request.isNavigationRequest() && request.frame() !== page.mainFrame()) loads.push(request.url());
  });
  let frame = await show(listed(), guestbook());
  await eventually(30_000, async () => {
    frame = await show(listed(), guestbook());
    await frame.getByRole('link', { name: 'Sign in' }).waitFor({ timeout: 2_000 });
  });
  await picture(page, 'framed-sign-in');
  expect(await accessibilityFaults(page)).toEqual([]);
  loads.length = 0;

  const [tab] = await Promise.all([context.waitForEvent('page'), frame.getByRole('link', { name: 'Sign in' }).click()]);
  await signInAs(tab, world, 'bob');
  await tab.getByRole('heading', { name: 'You are signed in' }).waitFor();
  await picture(tab, 'framed-signed-in');
  expect(await accessibilityFaults(tab)).toEqual([]);
  await tab.close();
  // The provider's pages cut the tab off from the frame: the next one has no sign-in between.
  const [next] = await Promise.all([context.waitForEvent('page'), frame.getByRole('link', { name: 'Sign in' }).click()]);
  if (!next.isClosed()) await next.waitForEvent('close');
  await frame.getByRole('button', { name: 'Sign', exact: true }).waitFor();
  await picture(page, 'framed-application');

  expect(frame.url()).toBe(guestbook());
  // Once more when it was signed in, and never again; browsers tell servers nothing of the fragment.
  expect(loads).toEqual([guestbook().split('#')[0]]);
}, 120_000);

test('its cookie is good in frames of that site alone', async () => {
  const cookies = (await context.cookies()).filter(({ name }) => name === '__Host-sallyport-framed-session');
  expect(cookies.map(({ sameSite, secure, httpOnly }) => [sameSite, secure, httpOnly])).toEqual([['None', true, true]]);

  const frame = await show(listed(), world.url('intranet'));

  await frame.getByRole('link', { name: 'Guestbook' }).waitFor();
}, 60_000);

test.each([
  ['the application, at a site that is not listed', () => unlisted(), () => world.url('intranet')],
  ['the page that asks to sign in, at a site that is not listed', () => unlisted(), () => `${world.url('intranet')}other`],
  ['the tab’s page, even at a listed one', () => listed(), () => `${world.url('intranet')}.sallyport/frame?challenge=${'c'.repeat(43)}`],
  ['the portal', () => listed(), () => world.ready.portal],
  ['the way to sign in to an application that nobody may frame', () => listed(), closed],
])(
  'clickjacking: %s is not shown',
  async (_, site, url) => {
    const frame = await show(site(), url());

    await eventually(20_000, async () => expect(frame.url()).toBe('chrome-error://chromewebdata/'));
  },
  60_000,
);

test('a site that lures a signed-in user into the tab is told no code', async () => {
  const challenge = 'c'.repeat(43);
  await page.goto(unlisted());
  await page.evaluate('globalThis.heard = []; addEventListener("message", ({ data }) => heard.push(data))');

  const [tab] = await Promise.all([
    context.waitForEvent('page'),
    page.evaluate(`void open(${JSON.stringify(`${world.url('intranet')}.sallyport/frame?challenge=${challenge}`)})`),
  ]);
  if (!tab.isClosed()) await tab.waitForEvent('close');

  expect(await page.evaluate('heard')).toEqual([]);
}, 60_000);
