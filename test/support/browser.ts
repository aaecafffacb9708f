// Debian's Chromium, headless, each with a profile of its own.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { ROOT } from './files.ts';
import type { World } from './world.ts';

const SCREENSHOTS = join(ROOT, 'dist/screenshots');

// Without these Chromium looks for its maker's services at every start.
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-quic'];

const LAUNCH = { executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', ...QUIET] };

/** What a page waits for: a test that is over before ends it. */
const WAIT_MS = 180_000;

/** Further arguments are the browser's own. */
export const startBrowser = async (...args: string[]): Promise<Browser> => {
  const browser = await chromium.launch({ ...LAUNCH, args: [...LAUNCH.args, ...args], timeout: WAIT_MS });
  browser.on('context', (context) => context.setDefaultTimeout(WAIT_MS));
  return browser;
};

/** A browser with a profile, as a person has it: with a history of downloads, which go into `folder`. */
export const startProfile = async (folder: string): Promise<BrowserContext> => {
  const context = await chromium.launchPersistentContext(join(folder, 'profile'), { ...LAUNCH, timeout: WAIT_MS });
  context.setDefaultTimeout(WAIT_MS);
  const browser = await context.browser()!.newBrowserCDPSession();
  await browser.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder });
  return context;
};

/** Keeps a picture of the page for whoever looks at the tests' output. */
export const picture = async (page: Page, name: string): Promise<void> => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  // Letters whose font is still on its way are not drawn.
  await page.waitForLoadState();
  await page.evaluate('document.fonts.ready.then(() => undefined)');
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
};

/** Fills in the identity provider's pages, wherever the browser was sent to them from. */
export const signInAs = async (page: Page, world: World, username: string): Promise<void> => {
  const user = world.ready.users.find((candidate) => candidate.username === username);
  if (!user) throw new Error(`No user ${username}.`);
  await page.getByLabel('User name').fill(user.username);
  await page.getByLabel('Password').fill(user.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
};
