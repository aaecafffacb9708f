// The page that asks how the user signs in, in a real browser: by e-mail address and by button, light and dark, without scripts.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startWorld, type World } from '../../lambdas/portal/testing/world.ts';
import { accessibilityFaults } from '../support/accessibility.ts';
import { picture, startBrowser } from '../support/browser.ts';

let world: World;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  world = await startWorld({ emailDomains: { a: ['a.example'], b: ['b.example'] } });
  browser = await startBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await world?.close();
}, 60_000);

const arrive = async (settings: Parameters<Browser['newContext']>[0]) => {
  for (const [index, name] of ['alice@a.example', 'bob@b.example'].entries()) {
    world.idps[index]!.user = { sub: '1', preferred_username: name, name, email: name };
  }
  context = await browser.newContext(settings);
  page = await context.newPage();
  await page.goto(world.portalUrl);
};

test.each(['light', 'dark'] as const)(
  'nothing is wrong with it for assistive technology (%s), nor when it asks again',
  async (colorScheme) => {
    await arrive({ colorScheme });
    const faults = await accessibilityFaults(page);
    await picture(page, `how-do-you-sign-in-${colorScheme}`);

    await page.getByLabel('e-mail address').fill('carol@c.example');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('alert').waitFor();
    const faultsThen = await accessibilityFaults(page);
    await context.close();

    expect([faults, faultsThen]).toEqual([[], []]);
  },
  60_000,
);

test('an address leads to its provider and back, without scripts; the next sign-in asks nothing', async () => {
  await arrive({ javaScriptEnabled: false });

  await page.getByLabel('e-mail address').fill('bob@b.example');
  await page.keyboard.press('Enter');
  await page.getByText('bob@b.example').first().waitFor();
  await context.clearCookies({ name: '__Host-sallyport-portal' });
  await page.goto(world.portalUrl);
  await page.getByText('bob@b.example').first().waitFor();
  await page.goto(`${world.portalUrl}/sign-in?choose=1`);
  await page.getByRole('button', { name: 'Sign-in of a' }).click();
  await page.getByText('alice@a.example').first().waitFor();

  expect(page.url()).toBe(`${world.portalUrl}/`);
  await context.close();
}, 60_000);
