// Uploads of any size from a page in Chromium: by fetch, by XMLHttpRequest with its progress, by a form. The page knows nothing of the way that
// they take; its policy forbids what it does not need; the application gets one request each.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { REQUEST_BODY_MAX_BYTES } from '../../protocol/limits.ts';
import { signInAs, startBrowser } from '../support/browser.ts';
import { type CookieOrigin, startCookieOrigin } from '../support/cookie-origin.ts';
import { eventually } from '../support/eventually.ts';
import { watchMemory } from '../support/memory.ts';
import { externalUrl } from '../support/publish.ts';
import { writeRandomFile } from '../support/random-file.ts';
import { startUploadOrigin, type UploadOrigin } from '../support/upload-origin.ts';
import { startWorld, type World } from '../support/world.ts';

const MEGABYTE = 1024 * 1024;
/** 1,024 for the run whose figures docs/uploads.md has. */
const FILE_MEGABYTES = Number(process.env.UPLOAD_MEGABYTES ?? 48);
/** Far below a file of 1 GB. */
const GROWTH_MAX_MEGABYTES = 200;
const LONG_MS = 600_000;

const form = (id: string, action: string) =>
  `<form id="${id}" method="post" enctype="multipart/form-data" action="${action}"><input name="title" value="A title">
   <label>${id} <input type="file" name="file"></label><button name="how" value="${id}">Send ${id}</button></form>`;
const HTML = `<!doctype html><html lang="en"><head><title>Files</title><script nonce="page">window.first = window.fetch.toString();</script></head>
  <body>${form('stays', '/form')}${form('moves', '/moved')}</body></html>`;
const POLICY = "default-src 'none'; script-src 'nonce-page'; form-action 'self'";
const PAGES = { '/': { html: HTML }, '/strict': { html: HTML, headers: { 'content-security-policy': POLICY } } };

let folder: string;
let file: string;
let digest: string;
let origin: UploadOrigin;
let cookies: CookieOrigin;
let world: World;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-page-upload-'));
  file = join(folder, 'large.bin');
  digest = await writeRandomFile(file, FILE_MEGABYTES);
  origin = await startUploadOrigin(PAGES);
  cookies = await startCookieOrigin();
  world = await startWorld('--publish', `files=${origin.url}`, '--publish', `cookies=${cookies.url}`, '--pace', 'off');
  const publication = (id: string, internalUrl: string) => ({
    ...{ id, name: id, externalUrl: `https://${id}.apps.sallyport.localhost/`, internalUrl },
    ...{ access: 'everyone', bigUploads: 'on', webSockets: 'on' },
  });
  await world.apply([publication('files', origin.url), publication('cookies', cookies.url)]);
  browser = await startBrowser();
  page = await (await browser.newContext()).newPage();
  await page.goto(externalUrl(world, 'files'));
  await signInAs(page, world, 'bob');
  await page.getByRole('button', { name: 'Send stays' }).waitFor();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await world?.dispose();
  await origin?.dispose();
  await cookies?.dispose();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);
beforeEach(async () => {
  await page.goto(externalUrl(world, 'files'));
});

const choose = (id: string) => page.locator(`#${id} input[type=file]`).setInputFiles(file);

/** Neither router nor connector holds what passes. */
const measured = async (name: string, work: () => Promise<void>): Promise<number> => {
  const memory = await watchMemory(world);
  const watch = setInterval(memory.look, 250);
  const startedAt = performance.now();
  await work().finally(() => clearInterval(watch));
  console.log(`${FILE_MEGABYTES} MB by ${name} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s; ${memory.told}`);
  return memory.growthMegabytes;
};

describe('a page sends a large file', () => {
  test(
    'by fetch',
    async () => {
      await choose('stays');
      let answer: unknown;

      const growth = await measured('fetch', async () => {
        answer = await page.evaluate(`fetch('/fetch?a=b#c', { method: 'PUT', headers: { 'X-Kind': 'a', 'Content-Type': 'video/mp4' },
          body: document.querySelector('#stays input[type=file]').files[0] })
          .then(async (response) => ({ status: response.status, url: response.url, told: await response.json() }))`);
      });

      const bytes = FILE_MEGABYTES * MEGABYTE;
      expect(answer).toEqual({ status: 201, url: `${externalUrl(world, 'files')}fetch?a=b`, told: { bytes, sha256: digest } });
      expect(origin.to('/fetch?a=b')).toMatchObject([
        { method: 'PUT', ended: 'whole', headers: { 'content-length': String(bytes), 'content-type': 'video/mp4', 'x-kind': 'a' } },
      ]);
      const { headers } = origin.to('/fetch?a=b')[0]!;
      expect(headers.origin).toBe(new URL(origin.url).origin);
      expect(growth).toBeLessThan(GROWTH_MAX_MEGABYTES);
    },
    LONG_MS,
  );

  test(
    'by XMLHttpRequest, which tells its progress',
    async () => {
      await choose('stays');

      const told = (await page.evaluate(`new Promise((resolve) => {
        const request = new XMLHttpRequest();
        const events = [];
        const note = (on) => (event) => {
          const name = on + event.type;
          if (events.at(-1)?.name !== name) events.push({ name, loaded: event.loaded, total: event.total, grew: true });
          else Object.assign(events.at(-1), { grew: event.loaded > events.at(-1).loaded, loaded: event.loaded });
        };
        for (const type of ['loadstart', 'progress', 'load', 'loadend', 'error', 'abort', 'timeout']) {
          request.upload.addEventListener(type, note('upload.'));
          if (type !== 'progress') request['on' + type] = note('');
        }
        request.addEventListener('loadend', () => resolve({ events, status: request.status, url: request.responseURL,
          taken: request.getResponseHeader('X-Taken'), response: request.response, state: request.readyState }));
        request.open('POST', '/xhr');
        request.responseType = 'json';
        request.send(document.querySelector('#stays input[type=file]').files[0]);
      })`)) as { events: Array<{ name: string; loaded: number; total: number; grew: boolean }> };

      const bytes = FILE_MEGABYTES * MEGABYTE;
      const { events, ...answer } = told;
      expect(events.map(({ name }) => name)).toEqual([
        ...['loadstart', 'upload.loadstart', 'upload.progress', 'upload.load', 'upload.loadend', 'load', 'loadend'],
      ]);
      expect(events[2]).toMatchObject({ loaded: bytes, total: bytes, grew: true });
      expect(answer).toEqual({
        ...{ status: 201, state: 4, taken: String(bytes), url: `${externalUrl(world, 'files')}xhr` },
        response: { bytes, sha256: digest },
      });
      expect(origin.to('/xhr')).toMatchObject([{ method: 'POST', ended: 'whole' }]);
    },
    LONG_MS,
  );

  test(
    'by a form, which leads where it says, though the page’s policy lets it connect nowhere',
    async () => {
      await page.goto(`${externalUrl(world, 'files')}strict`);
      await choose('stays');

      const growth = await measured('form', async () => {
        await page.getByRole('button', { name: 'Send stays' }).click();
        await page.waitForURL('**/form', { timeout: LONG_MS });
      });

      const [upload] = origin.to('/form');
      expect(await page.evaluate('document.body.textContent')).toContain(upload!.sha256);
      expect(upload).toMatchObject({ method: 'POST', ended: 'whole', fileSha256: digest });
      expect(upload!.fields).toMatch(/name="title"\r\n\r\nA title\r\n.*filename="large.bin".*name="how"\r\n\r\nstays\r\n/s);
      expect(upload!.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
      expect(upload!.headers['content-length']).toBe(String(upload!.bytes));
      expect(origin.to('/form')).toHaveLength(1);
      expect(growth).toBeLessThan(GROWTH_MAX_MEGABYTES);
    },
    LONG_MS,
  );

  test(
    'by a form that is answered with a redirect',
    async () => {
      await choose('moves');

      await page.getByRole('button', { name: 'Send moves' }).click();
      await page.waitForURL('**/done?from=form', { timeout: LONG_MS });

      expect(origin.to('/moved')).toMatchObject([{ ended: 'whole', fileSha256: digest }]);
    },
    LONG_MS,
  );
});

describe('a page', () => {
  const START = `const file = document.querySelector('#stays input[type=file]').files[0];`;

  test('ends a fetch by its signal: the application’s request breaks off', async () => {
    await choose('stays');

    const sending = page.evaluate(`(() => { ${START} window.leaving = new AbortController();
      return fetch('/slow/fetch', { method: 'POST', body: file, signal: leaving.signal }).catch((error) => error.name); })()`);
    await eventually(10_000, () => expect(origin.to('/slow/fetch')).toHaveLength(1));
    await page.evaluate('leaving.abort()');

    expect(await sending).toBe('AbortError');
    origin.release();
    expect(await origin.ended('/slow/fetch')).toBe('broken');
  }, 60_000);

  test('ends an XMLHttpRequest', async () => {
    await choose('stays');

    const events = await page.evaluate(`(() => { ${START} return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      const events = [];
      for (const type of ['abort', 'load', 'error', 'loadend']) {
        request.upload.addEventListener(type, () => events.push('upload.' + type));
        request.addEventListener(type, () => { events.push(type); if (type === 'loadend') resolve(events); });
      }
      request.upload.addEventListener('progress', ({ loaded }) => { if (loaded > 5e6) request.abort(); });
      request.open('POST', '/aborted');
      request.send(file);
    }); })()`);

    expect(events).toEqual(['upload.abort', 'upload.loadend', 'abort', 'loadend']);
    expect(await origin.ended('/aborted')).toBe('broken');
  }, 60_000);

  test('that is left ends its uploads', async () => {
    await choose('stays');
    await page.evaluate(
      `(() => { ${START} window.sending = fetch('/left', { method: 'POST', body: new Blob(Array(20).fill(file)) }); })()`,
    );
    await eventually(10_000, () => expect(origin.to('/left')).toHaveLength(1));

    await page.goto('about:blank');

    expect(await origin.ended('/left')).toBe('broken');
  }, 60_000);

  test('is told what the application says before it has all', async () => {
    await choose('stays');

    const answer = await page.evaluate(`(() => { ${START}
      return fetch('/refused', { method: 'POST', body: file }).then(async ({ status, ok, ...response }) => ({ status, ok })); })()`);

    expect(answer).toEqual({ status: 413, ok: false });
  }, 60_000);

  test('sends small bodies, and those of other kinds, as ever', async () => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));

    const answers = await page.evaluate(`Promise.all([
      fetch('/small', { method: 'POST', body: 'abc' }),
      fetch(new Request('/small', { method: 'POST', body: new Uint8Array(1000) })),
      fetch('/'),
    ]).then((all) => all.map(({ status }) => status))`);

    expect(answers).toEqual([201, 201, 200]);
    expect(asked.sort()).toEqual(['GET /', 'POST /small', 'POST /small']);
    expect(
      origin
        .to('/small')
        .map(({ bytes }) => bytes)
        .sort(),
    ).toEqual([1000, 3]);
  }, 60_000);

  test('has our script before its own, and keeps its policy but for what that needs', async () => {
    const answer = await page.goto(`${externalUrl(world, 'files')}strict`);

    expect(await page.evaluate('first')).not.toContain('[native code]');
    // The page may have WebSockets, too: for them the Reply API.
    const needed = answer!.headers()['content-security-policy']!.replace(/ wss?:\/\/[\w.:]+$/, '');
    // Where its forms lead, the script asks.
    expect(needed).toBe(`${POLICY}; connect-src 'self'`);
  }, 60_000);
});

describe('the browser’s own cookies', () => {
  const LARGE = REQUEST_BODY_MAX_BYTES + 1;
  const PATHS = ['/up', '/app/up', '/app/deep/up'];

  let large: string;
  beforeAll(async () => {
    large = join(folder, 'cookies.bin');
    await writeRandomFile(large, Math.ceil(LARGE / MEGABYTE));
  });

  /** What the application sees of them, and what the browser keeps, when a page at `base` sends in each way, to each depth. */
  const sendAll = async (context: BrowserContext, base: string) => {
    const tab = await context.newPage();
    await tab.goto(`${base}set`);
    cookies.seen.length = 0;
    for (const path of PATHS) {
      await tab.evaluate(`(async (path) => {
        const large = new Blob([new Uint8Array(${LARGE})]);
        await fetch(path + '?by=small', { method: 'POST', body: 'small' });
        await fetch(path + '?by=fetch', { method: 'POST', body: large });
        await new Promise((resolve) => {
          const request = new XMLHttpRequest();
          request.open('POST', path + '?by=xhr');
          request.onloadend = resolve;
          request.send(large);
        });
        await new Promise((resolve) => {
          new WebSocket(location.origin.replace(/^http/, 'ws') + path + '?by=socket').onclose = resolve;
        });
      })(${JSON.stringify(path)})`);
      await tab.goto(new URL(path, base).href);
      await tab.locator('input').setInputFiles(large);
      await tab.getByRole('button', { name: 'Send' }).click();
      await tab.getByText('taken').waitFor();
    }
    await tab.close();
    const kept = (await context.cookies(PATHS.map((path) => new URL(path, base).href))).filter(({ name }) => !name.startsWith('__Host-'));
    return { seen: [...cookies.seen], kept: kept.map(({ name, path, httpOnly }) => `${name} ${path} ${httpOnly}`).sort() };
  };

  test('are seen and kept where they belong, whatever way a page sends', async () => {
    const context = await browser.newContext();
    const direct = await sendAll(context, cookies.url);
    await page.goto(externalUrl(world, 'cookies'));
    await page.getByRole('button', { name: 'Send' }).waitFor();
    const through = await sendAll(page.context(), externalUrl(world, 'cookies'));
    await context.close();

    expect(through).toEqual(direct);
    expect(direct.seen).toHaveLength(PATHS.length * 5);
    expect(direct.seen.filter((line) => line.startsWith('socket /app/deep'))[0]).toContain('app=1; by-fetch=1; by-fetch=1');
    expect(direct.kept.filter((cookie) => cookie.startsWith('by-socket'))).toEqual([
      ...['by-socket / false', 'by-socket /app false', 'by-socket /app/deep false'],
    ]);
  }, 300_000);
});
