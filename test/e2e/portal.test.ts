// The portal as people meet it, in a real browser: the list of applications by mouse, keys and search, and own sign-ins; light, dark, on a phone.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { accessibilityFaults } from '../support/accessibility.ts';
import { control } from '../support/administrator.ts';
import { picture, signInAs, startBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World } from '../support/world.ts';

/** Draws a ring; what else it holds must never run. */
const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 44 44" onload="document.title='run'"><script>top.document.title='run'</script><rect width="44" height="44" fill="#0b57d0"/><circle cx="22" cy="22" r="11" fill="none" stroke="#fff" stroke-width="5"/></svg>`;
const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 800 };

let world: World;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  world = await startWorld();
  const [{ internalUrl, connectorGroup } = { internalUrl: '', connectorGroup: '' }] = await control(world).applications();
  const domain = new URL(world.url('intranet')).hostname.replace(/^intranet\./, '');
  const entry = (id: string, settings: object) => ({
    id,
    externalUrl: `https://${id}.${domain}/`,
    internalUrl,
    connectorGroup,
    access: 'everyone',
    ...settings,
  });
  await world.apply([
    entry('intranet', { name: 'Intranet', description: 'News, people, guest book' }),
    entry('orders', { name: 'Orders & stock', description: 'What comes and goes', icon: '📦' }),
    entry('books', { name: 'Bücher', description: 'Accounts', icon: 'BÜ' }),
    entry('ring', {
      name: 'Ring',
      description: 'Telephone book',
      icon: `data:image/svg+xml;base64,${Buffer.from(PICTURE).toString('base64')}`,
    }),
    entry('payroll', { name: 'Payroll', description: 'Pay slips', maintenance: 'Back on Monday at 8' }),
    entry('board', { name: 'Board papers', access: { users: ['nobody'] }, visibleTo: 'everyone' }),
    entry('far', { name: 'Far away', connectorGroup: 'nowhere' }),
    entry('secret', { name: 'Secret', access: { users: ['nobody'] } }),
  ]);
  browser = await startBrowser();
  context = await browser.newContext({ viewport: DESKTOP });
  page = await context.newPage();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await world?.dispose();
}, 60_000);

const names = () => page.locator('.applications li:not([hidden]) strong').allInnerTexts();
const focused = () => page.evaluate(() => (globalThis as unknown as { document: FocusedDocument }).document.activeElement.textContent);
interface FocusedDocument {
  readonly activeElement: { readonly textContent: string };
}

/** Each look of the page: a picture to look at, and nothing that axe finds wrong. */
const looksGood = async (name: string): Promise<void> => {
  for (const [look, colorScheme, viewport] of [
    ['light', 'light', DESKTOP],
    ['dark', 'dark', DESKTOP],
    ['phone', 'light', PHONE],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await picture(page, `${name}-${look}`);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(DESKTOP);
};

describe('the list of applications', () => {
  test('shows what can be used, then what cannot, and runs nothing of a picture', async () => {
    await eventually(30_000, async () => {
      await page.goto(world.ready.portal);
      if (page.url() !== world.ready.portal) await signInAs(page, world, 'bob');
      expect(await names()).toHaveLength(7);
    });

    expect(await names()).toEqual(['Bücher', 'Far away', 'Intranet', 'Orders & stock', 'Payroll', 'Ring', 'Board papers']);
    const width = await page.locator('img.icon').evaluate(async (element) => {
      const image = element as unknown as { readonly naturalWidth: number; decode(): Promise<void> };
      await image.decode();
      return image.naturalWidth;
    });
    expect([width > 0, await page.title()]).toEqual([true, 'Applications – Sallyport on this machine']);
    await looksGood('portal-applications');
  }, 90_000);

  test('is searched as one types, whatever the accents, and Enter opens the first', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('bucher');
    expect(await names()).toEqual(['Bücher']);
    expect(await page.getByRole('status').innerText()).toBe('1 of 7');

    await page.getByRole('searchbox').fill('nothing like it');
    expect([await names(), await page.getByRole('status').innerText()]).toEqual([[], 'No application fits.']);

    await page.getByRole('searchbox').fill('guest');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${world.url('intranet')}**`);
  }, 60_000);

  test('remembers in this browser what was used, shows it first, and arrow keys move', async () => {
    await page.goto(world.ready.portal);

    expect((await names()).slice(0, 2)).toEqual(['Intranet', 'Bücher']);
    await page.getByRole('heading', { name: 'Recently used' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toContain('Intranet');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toContain('Bücher');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toContain('Far away');
    await looksGood('portal-recently-used');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    expect(await page.evaluate('document.activeElement.id')).toBe('search');
  }, 60_000);

  test('leaves the key alone where the user has switched that off', async () => {
    await page.getByLabel('focuses the search box').uncheck();
    await page.reload();

    await page.keyboard.press('/');

    expect(await page.evaluate('document.activeElement.id')).not.toBe('search');
  }, 60_000);

  test('is searched without scripts too', async () => {
    const { cookies } = await context.storageState();
    const plain = await browser.newContext({ javaScriptEnabled: false });
    await plain.addCookies(cookies);
    const old = await plain.newPage();

    await old.goto(world.ready.portal);
    await old.getByRole('searchbox').fill('bucher');
    await old.getByRole('button', { name: 'Search' }).click();

    expect(await old.locator('.applications li:not([hidden]) strong').allInnerTexts()).toEqual(['Bücher']);
    await plain.close();
  }, 60_000);
});

describe('own sign-ins', () => {
  test('are shown with what was opened, and one of another browser is ended everywhere', async () => {
    const other = await browser.newContext({
      userAgent:
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
    });
    const phone = await other.newPage();
    await phone.goto(world.url('intranet'));
    await signInAs(phone, world, 'bob');
    await phone.waitForURL(world.url('intranet'));

    await page.goto(world.ready.portal);
    await page.getByRole('link', { name: 'Your sign-ins' }).click();
    await page.getByRole('heading', { name: 'Safari on iOS' }).waitFor();
    await looksGood('portal-sign-ins');
    await page.getByRole('button', { name: /Sign out: Safari on iOS/ }).click();
    await page.getByRole('heading', { name: 'Safari on iOS' }).waitFor({ state: 'detached' });

    expect(await page.getByRole('heading', { name: 'This one' }).count()).toBe(1);
    // A router believes its memory for ten seconds at most.
    await eventually(30_000, async () => {
      expect(await phone.evaluate(async () => (await fetch('/')).status)).toBe(401);
    });
    await other.close();
  }, 90_000);
});
