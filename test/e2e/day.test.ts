// A day of two people's over WebSockets: one works at a remote desktop (binary messages) from its beginning to its end, one looks at a notebook
// (text) once an hour. Every clock goes forward by the day: functions', connectors' and API Gateway's by Debian's faketime, the pages' by
// Playwright's, so every limit and lifetime is AWS's or ours. Sessions end after ninety idle minutes: what they do in WebSockets must keep it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { parse, stringify } from 'yaml';
import { control } from '../support/administrator.ts';
import { signInAs, startBrowser } from '../support/browser.ts';
import type { Child } from '../support/child.ts';
import { type ConnectorHome, createConnectorHome } from '../support/connector.ts';
import { SHADES, startDesktop } from '../support/desktop.ts';
import { eventually } from '../support/eventually.ts';
import { ROOT } from '../support/files.ts';
import { startJupyter } from '../support/jupyter.ts';
import { createLeaps, LEAP_MS, type Leaps } from '../support/leaps.ts';
import { createMovedTime, type MovedTime } from '../support/moved-time.ts';
import type { WebApplication } from '../support/web-application.ts';
import { startWorldWith, type World } from '../support/world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Less than API Gateway's ten idle minutes. */
const WORK_MS = 8 * MINUTE;
const LID_MS = 20 * MINUTE;
const SEEN_MS = 20_000;
/** On a machine with much else to do. */
const LONG_MS = 1_200_000;

let folder: string;
let time: MovedTime;
let applications: WebApplication[];
let world: World;
let browser: Browser;
let notebook: Page;
let desktop: Page;
let leaps: Leaps;
let open: number | null = 0;
const connectors: Array<{ readonly home: ConnectorHome; child: Child }> = [];
const origins = () => applications.map(({ url }) => new URL(url).origin);

/** What a page shows of a lost connection, whenever it does. */
const COMPLAINTS = `
  window.complaints = [];
  const look = () => {
    const [said] = /disconnected|connection (?:was )?(?:lost|failed|closed)|reconnecting|connecting to kernel|dead kernel/i.exec(document.body?.innerText ?? '') ?? [];
    if (said !== undefined && !window.complaints.includes(said)) window.complaints.push(said);
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });`;

const openPage = async (): Promise<Page> => {
  const context = await browser.newContext({ viewport: { width: 900, height: 600 } });
  await context.clock.install();
  await context.addInitScript(COMPLAINTS);
  return context.newPage();
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-day-'));
  time = createMovedTime();
  applications = await Promise.all([startJupyter('http://notebook\\.apps\\..*'), startDesktop()]);
  const tenant = parse(readFileSync(join(ROOT, 'tenants/local.yaml'), 'utf8'));
  // Not refreshed: what the simulated provider grants, it grants for eight hours.
  writeFileSync(join(folder, 'tenant.yaml'), stringify({ ...tenant, sessions: { lifetime: '2d', idle: '90m' } }));
  world = await startWorldWith(
    time.variables,
    ...['--tenant', join(folder, 'tenant.yaml'), '--connectors', '0'],
    ...['--publish', `notebook=${applications[0]!.url}`, '--publish', `desktop=${applications[1]!.url}`],
  );
  const published = ['notebook', 'desktop'].map((id, index) => ({
    ...{ id, name: id, externalUrl: `https://${id}.apps.sallyport.localhost/`, internalUrl: applications[index]!.url },
    ...{ access: 'everyone', hostHeader: 'external', webSockets: { pages: 'auto', maxAge: '2d', idle: '3h' } },
  }));
  await world.apply(published);
  for (let n = 0; n < 2; n += 1) {
    const home = createConnectorHome();
    const { code } = await control(world).issueCode('default');
    const child = home.start({ code, allow: origins(), variables: time.variables });
    connectors.push({ home, child });
    await child.seen(/tunnel\.open/);
  }
  browser = await startBrowser();
  leaps = createLeaps({
    world,
    time,
    pages: () => (open === null ? [] : [notebook, desktop]),
    pids: () => connectors.map(({ child }) => child.process.pid!),
    open: () => open,
  });
}, 180_000);
afterAll(async () => {
  await browser?.close();
  for (const { home, child } of connectors) {
    await child.stop();
    home.dispose();
  }
  await world?.dispose();
  await Promise.all((applications ?? []).map((application) => application.dispose()));
  time?.dispose();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const complaints = async (): Promise<string[]> => [
  ...((await notebook.evaluate('complaints')) as []),
  ...((await desktop.evaluate('complaints')) as []),
];

const startAgain = async (connector: (typeof connectors)[0]): Promise<void> => {
  connector.child = connector.home.start({ allow: origins(), variables: time.variables });
  await connector.child.seen(/tunnel\.open/);
  await leaps.rest();
};

/** Of the browser's every kind: what stops when a machine sleeps. */
const processesOf = async (asked: Browser): Promise<number[]> => {
  const session = await asked.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.map(({ id }) => id);
};

let hours = 0;
/** The kernel must have counted all hours before. */
const lookAtNotebook = async (): Promise<void> => {
  await notebook.locator('.cell .CodeMirror').last().click();
  await notebook.keyboard.type('hours += 1; print("hour", hours)');
  await notebook.keyboard.press('Shift+Enter');
  await notebook.locator('.output_text', { hasText: new RegExp(`^\\s*hour ${hours}\\s*$`) }).waitFor();
};

const useDesktop = async (): Promise<void> => {
  const [key, shade] = Object.entries(SHADES)[hours % Object.keys(SHADES).length]!;
  await desktop.mouse.click(450, 300);
  await desktop.keyboard.press(key);
  await eventually(SEEN_MS, async () => {
    const shown = await desktop.evaluate(
      `[...document.querySelector('#noVNC_container canvas').getContext('2d').getImageData(320, 200, 1, 1).data].slice(0, 3)`,
    );
    expect(shown).toEqual(shade);
  });
};

const theHourStrikes = async (): Promise<void> => {
  hours += 1;
  await Promise.all([lookAtNotebook(), useDesktop()]);
};

const anHour = async (): Promise<void> => {
  for (let passed = 0; passed < HOUR; passed += LEAP_MS) {
    if (passed % WORK_MS === 0) await leaps.send(() => desktop.mouse.move(300 + (passed / LEAP_MS) * 5, 250));
    await leaps.leap();
  }
  await theHourStrikes();
};

test('in the morning both pages work at their first load', async () => {
  [notebook, desktop] = [await openPage(), await openPage()];
  await notebook.goto(world.url('notebook'));
  await signInAs(notebook, world, 'bob');
  await notebook.waitForURL(/\/tree/);
  const made = await notebook.evaluate(
    `fetch('api/contents', { method: 'POST', headers: { 'content-type': 'application/json', 'x-xsrftoken': document.cookie.match(/_xsrf=([^;]*)/)?.[1] ?? '' }, body: '{"type":"notebook"}' }).then((answer) => answer.json()).then(({ path }) => path)`,
  );
  await notebook.goto(new URL(`notebooks/${made}`, world.url('notebook')).href);
  await eventually(90_000, async () => expect(await notebook.evaluate('Jupyter.notebook.kernel?.is_connected() ?? false')).toBe(true));
  // It would be a request of the page, which is use of the session: what is typed must do.
  await notebook.evaluate('Jupyter.notebook.set_autosave_interval(0)');
  await notebook.locator('.cell .CodeMirror').last().click();
  await notebook.keyboard.type('hours = 0; print("begun")');
  await notebook.keyboard.press('Shift+Enter');
  await notebook.locator('.output_text', { hasText: 'begun' }).waitFor();
  await desktop.goto(`${world.url('desktop')}vnc.html?autoconnect=true&reconnect=true&reconnect_delay=500`);
  await signInAs(desktop, world, 'carol');
  await desktop.locator('html.noVNC_connected').waitFor();

  await useDesktop();

  open = 2;
  await leaps.rest();
  for (const page of [notebook, desktop]) await page.evaluate('complaints.length = 0');
}, 150_000);

test(
  'a morning passes, and neither notices that AWS ends connections',
  async () => {
    for (let n = 0; n < 12; n += 1) await anHour();

    expect(await complaints()).toEqual([]);
  },
  LONG_MS,
);

test(
  'the lid is closed for twenty minutes, in which AWS ends the connections, and opened again: nothing is noticed',
  async () => {
    const before = leaps.cuts.idle;
    const processes = await processesOf(browser);

    open = null;
    for (const pid of processes) process.kill(pid, 'SIGSTOP');
    for (let passed = 0; passed < LID_MS; passed += LEAP_MS) await leaps.leap();
    for (const pid of processes) process.kill(pid, 'SIGCONT');
    open = 2;
    for (const page of [notebook, desktop]) await page.clock.fastForward(LID_MS);
    await leaps.rest();
    await theHourStrikes();

    expect(await complaints()).toEqual([]);
    expect(leaps.cuts.idle).toBeGreaterThanOrEqual(before + 2);
  },
  LONG_MS,
);

/** In good order: it serves on until no router can turn to it any more, and tells users of WebSockets when it ends. */
const stopInGoodOrder = async (child: Child): Promise<number | NodeJS.Signals> => {
  child.process.kill('SIGTERM');
  await child.seen(/connector\.draining/);
  await leaps.rest();
  await leaps.leap();
  return child.ended;
};

test(
  'one connector is stopped in good order, the other is killed, and both start again: new WebSockets are opened, and the people go on',
  async () => {
    const [first, second] = connectors as [(typeof connectors)[0], (typeof connectors)[0]];
    expect(await stopInGoodOrder(first.child)).toBe(0);
    await startAgain(first);
    await anHour();
    await second.child.stop('SIGKILL');
    await startAgain(second);
    await anHour();

    // What the applications say of it for a moment is theirs: the kernel has counted on, and nobody had to do anything.
    expect(['Connecting to kernel', 'Reconnecting']).toEqual(expect.arrayContaining(await complaints()));
    for (const page of [notebook, desktop]) await page.evaluate('complaints.length = 0');
  },
  LONG_MS,
);

test(
  'an evening and a night pass as well: it was a day, with all that AWS does in one',
  async () => {
    // What is held up on a busy machine may cost a connection before its time, and with it two hours.
    while (hours < 24 || (leaps.cuts.old < 12 && hours < 36)) await anHour();

    expect(await complaints()).toEqual([]);
    console.log(`Users' connections that ended in ${hours} hours: ${JSON.stringify(leaps.cuts)}`);
    expect(leaps.cuts.old).toBeGreaterThanOrEqual(12);
    expect(leaps.cuts.idle).toBeGreaterThanOrEqual(4 * 24);
  },
  LONG_MS,
);
