// A real application that works over WebSockets, for a day of a user's: Jupyter Notebook from Debian in Chromium, through the whole path.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { signInAs, startBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { startJupyter } from '../support/jupyter.ts';
import { breakPosts, breakSockets } from '../support/sockets.ts';
import type { WebApplication } from '../support/web-application.ts';
import { startWorld, type World } from '../support/world.ts';

let jupyter: WebApplication;
let world: World;
let browser: Browser;
let page: Page;
const lost: string[] = [];

beforeAll(async () => {
  jupyter = await startJupyter('http://notebook\\.apps\\..*');
  world = await startWorld('--publish', `notebook=${jupyter.url}`, '--pace', 'off');
  const entry = {
    id: 'notebook',
    name: 'Notebook',
    externalUrl: world
      .url('notebook')
      .replace(/^http:/, 'https:')
      .replace(/:\d+\//, '/'),
    internalUrl: jupyter.url,
  };
  await world.apply([{ ...entry, access: 'everyone', hostHeader: 'external' }]);
  browser = await startBrowser();
  page = await browser.newPage();
  await page.goto(world.url('notebook'));
  await signInAs(page, world, 'bob');
  await page.waitForURL(/\/tree/);
}, 150_000);
afterAll(async () => {
  await browser?.close();
  await world?.dispose();
  await jupyter?.dispose();
}, 60_000);

/** Runs a line of Python in a new cell at the end, and resolves with what it printed. */
const run = async (line: string): Promise<string> =>
  page.evaluate(
    `new Promise((resolve) => {
      let printed = '';
      Jupyter.notebook.kernel.execute(${JSON.stringify(line)}, {
        iopub: {
          output: ({ content }) => { printed += content.text ?? ''; },
          // Told after all output.
          status: ({ content }) => { if (content.execution_state === 'idle') resolve(printed.trim()); },
        },
      });
    })`,
  ) as Promise<string>;

test('a notebook is opened, and its kernel answers', async () => {
  const made = await page.evaluate(
    `fetch('api/contents', { method: 'POST', headers: { 'content-type': 'application/json', 'x-xsrftoken': document.cookie.match(/_xsrf=([^;]*)/)?.[1] ?? '' }, body: '{"type":"notebook"}' }).then((answer) => answer.json()).then(({ path }) => path)`,
  );
  await page.goto(new URL(`notebooks/${made}`, world.url('notebook')).href);
  await eventually(90_000, async () => expect(await page.evaluate('Jupyter.notebook.kernel?.is_connected() ?? false')).toBe(true));
  await page.evaluate(
    `Jupyter.notebook.events.on('kernel_disconnected.Kernel kernel_connection_failed.Kernel', ({ type }) => (window.lost ??= []).push(type))`,
  );

  expect(await run('print(6 * 7)')).toBe('42');
}, 150_000);

test.each<[string, () => Promise<unknown>]>([
  ['an idle cut', () => breakSockets(world, 'Reply', 'expire')],
  ['a connection that breaks', () => breakSockets(world, 'Reply', 'kill')],
  ['a new tunnel of the connector', () => breakSockets(world, 'Tunnel', 'kill')],
  ['links of the connector that break', () => breakPosts(world, 'Reply', 'kill')],
  ['the two-hour cut', () => breakSockets(world, 'Reply', 'expire')],
])(
  '%s is not noticed: the kernel keeps what it knew, and the page reports no lost connection',
  async (what, harm) => {
    await run(`state = ${JSON.stringify(what)}`);

    await harm();

    expect(await run('print(state)')).toBe(what);
    expect(await page.evaluate('window.lost ?? []')).toEqual(lost);
  },
  120_000,
);

test('much output arrives whole and in order', async () => {
  const printed = await run('for n in range(20000): print(n)');

  expect(printed).toBe(Array.from({ length: 20_000 }, (_, n) => n).join('\n'));
}, 120_000);
