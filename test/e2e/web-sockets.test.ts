// WebSockets of an application, from pages in Chromium through the whole path to a real server.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { createWebUser } from '../../simulator/web-user.ts';
import { control } from '../support/administrator.ts';
import { signInAs, startBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { type SocketOrigin, startSocketOrigin } from '../support/socket-origin.ts';
import { breakPosts, breakSockets } from '../support/sockets.ts';
import { signIn } from '../support/user.ts';
import { openUserSocket } from '../support/user-socket.ts';
import { startWorld, type World } from '../support/world.ts';

let origin: SocketOrigin;
let world: World;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  origin = await startSocketOrigin();
  world = await startWorld('--publish', `chat=${origin.url}`, '--pace', 'off');
  browser = await startBrowser();
  page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  await page.goto(world.url('chat'));
  await signInAs(page, world, 'bob');
  await page.waitForURL(world.url('chat'));
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await world?.dispose();
  await origin?.dispose();
}, 60_000);

/** Runs in the page, with `open(path, protocols)`, which resolves with a socket that is open, and `heard(socket)`, its next message. */
const inPage = <Result>(script: string): Promise<Result> =>
  page.evaluate(`(async () => {
    const address = (path) => location.href.replace(/^http/, 'ws') + path;
    const open = (path, protocols) => new Promise((resolve, reject) => {
      const socket = new WebSocket(address(path), protocols);
      socket.onopen = () => resolve(socket);
      socket.onclose = ({ code, reason }) => reject(new Error('closed ' + code + ' ' + reason));
    });
    const heard = (socket) => new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data), { once: true }));
    ${script}
  })()`) as Promise<Result>;

test('a page’s first script finds a WebSocket that is carried', async () => {
  expect(await inPage('return window.first')).toBe('open');
});

test('text comes back as it was sent', async () => {
  expect(await inPage('const s = await open("echo"); s.send("grüße 🌍"); const got = await heard(s); s.close(); return got;')).toBe(
    'grüße 🌍',
  );
});

test('bytes come back as they were sent, as blob or buffer', async () => {
  const got = await inPage(`
    const s = await open('echo');
    s.send(new Uint8Array([0, 1, 254, 255]));
    const blob = await heard(s);
    s.binaryType = 'arraybuffer';
    s.send(new Blob([new Uint8Array([9, 8])]));
    const buffer = await heard(s);
    s.close();
    return [blob.constructor.name, [...new Uint8Array(await blob.arrayBuffer())], buffer.constructor.name, [...new Uint8Array(buffer)]];`);

  expect(got).toEqual(['Blob', [0, 1, 254, 255], 'ArrayBuffer', [9, 8]]);
});

test('the application knows the user’s cookies, gets its own to the browser, and chooses the subprotocol', async () => {
  const chosen = await inPage(
    'document.cookie = "theme=dark"; const s = await open("echo?room=1", ["loud", "chat"]); s.close(); return [s.protocol, document.cookie];',
  );

  expect(chosen).toEqual(['chat', expect.stringContaining('seat=12')]);
  const { headers, url } = origin.handshakes.at(-1)!;
  expect([url, headers.cookie]).toEqual(['/echo?room=1', expect.stringContaining('theme=dark')]);
  expect(headers.origin).toBe(new URL(world.url('chat')).origin);
});

test('a message larger than any frame arrives in one piece', async () => {
  const same = await inPage(`
    const s = await open('echo');
    s.binaryType = 'arraybuffer';
    const sent = new Uint8Array(1_000_000).map((_, n) => n * 7);
    s.send(sent);
    const got = new Uint8Array(await heard(s));
    s.close();
    return got.length === sent.length && got.every((byte, n) => byte === sent[n]);`);

  expect(same).toBe(true);
});

test('a refused handshake is an error and 1006', async () => {
  const ended = await inPage(`
    return new Promise((resolve) => {
      const s = new WebSocket(address('refuse'));
      const events = [];
      s.onerror = () => events.push('error');
      s.onclose = ({ code, wasClean }) => resolve([...events, code, wasClean]);
    });`);

  expect(ended).toEqual(['error', 1006, false]);
});

test('closing tells code and reason on both sides', async () => {
  const ended = await inPage(`
    const s = await open('echo');
    return new Promise((resolve) => { s.onclose = ({ code, reason, wasClean }) => resolve([code, reason, wasClean]); s.close(3456, 'enough'); });`);

  expect(ended).toEqual([3456, 'enough', true]);
});

test('a worker has it, too', async () => {
  expect(
    await inPage(`
    const worker = new Worker('worker.js');
    const answer = new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); });
    worker.postMessage(address('echo'));
    return answer;`),
  ).toBe('from a worker');
});

test('cross-site WebSocket hijacking (Teleport#67616): what a page of another site asks for is refused, and nothing reaches the application', async () => {
  const bob = await signIn(world, 'bob', 'chat');
  const before = origin.handshakes.length;
  const ask = (headers: Record<string, string>) =>
    bob.fetch(new URL('.sallyport/socket', world.url('chat')).href, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ url: `${world.url('chat').replace(/^http/, 'ws')}echo` }),
    });

  // As Teleport#67616 let them.
  const foreigners: Array<Record<string, string>> = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'same-site' },
  ];
  for (const foreign of foreigners) {
    const { status, body } = await ask(foreign);
    expect([status, JSON.parse(body.toString()).code]).toEqual([403, 'ERR_SOCKET_ORIGIN']);
  }
  expect(origin.handshakes).toHaveLength(before);
});

describe('the application notices nothing of', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['a connection that API Gateway ends', () => breakSockets(world, 'Reply', 'expire')],
    ['a connection that breaks', () => breakSockets(world, 'Reply', 'kill')],
    ['a connector’s new tunnel', () => breakSockets(world, 'Tunnel', 'kill')],
    ['links of the connector that break', () => breakPosts(world, 'Reply', 'kill')],
  ])(
    '%s',
    async (_name, harm) => {
      await inPage(`
      window.socket = await open('echo');
      window.got = [];
      window.socket.onmessage = ({ data }) => window.got.push(data);
      window.socket.send('before');`);
      await eventually(20_000, async () => expect(await inPage('return window.got')).toEqual(['before']));

      await harm();
      await inPage('for (let n = 0; n < 50; n += 1) window.socket.send(String(n));');

      const all = ['before', ...Array.from({ length: 50 }, (_, n) => String(n))];
      await eventually(45_000, async () => expect(await inPage('return window.got')).toEqual(all));
      expect(await inPage('const { readyState } = window.socket; window.socket.close(); return readyState;')).toBe(1);
    },
    90_000,
  );
});

/** Bob's is in Chromium, Carol's a program's; each hears on it what it says. */
test('a changed policy ends that of a user who is left out, at once, and nobody else notices', async () => {
  const carol = createWebUser();
  const { username, password } = world.ready.users.find((user) => user.username === 'carol')!;
  await carol.submit(await carol.open(world.url('chat')), { username, password });
  const others = await openUserSocket(`${world.url('chat')}echo`, { cookie: carol.cookieFor(world.url('chat')) });
  const heard: string[] = [];
  others.listen((data) => heard.push(Buffer.from(data).toString()));
  await inPage(`
    window.last = await open('echo');
    window.ended = new Promise((resolve) => { window.last.onclose = ({ code, reason }) => resolve([code, reason]); });
  `);
  const [chat] = await control(world).applications();
  const entry = (access: unknown) => ({
    ...{ id: 'chat', name: 'chat', externalUrl: `https://${chat!.host}/`, internalUrl: chat!.internalUrl },
    ...{ connectorGroup: chat!.connectorGroup, access },
  });

  others.send(Buffer.from('before'), 'text');
  await eventually(20_000, async () => expect(heard).toEqual(['before']));
  await control(world).apply([entry({ users: ['carol'] })]);

  expect(await inPage('return window.ended')).toEqual([1008, 'ERR_ACCESS_DENIED']);
  others.send(Buffer.from('after'), 'text');
  await eventually(20_000, async () => expect(heard).toEqual(['before', 'after']));
  others.close(1000, '');
  await others.closed;
  await carol.close();
  await control(world).apply([entry('everyone')]);
}, 90_000);

test('signing out ends it, with a code that says so', async () => {
  await inPage(
    `window.ended = open('echo').then((s) => new Promise((resolve) => { s.onclose = ({ code, reason }) => resolve([code, reason]); }));`,
  );
  await eventually(20_000, async () => expect(origin.open.size).toBeGreaterThan(0));
  const other = await page.context().newPage();
  await other.goto(new URL('/sign-out', world.ready.portal).href);
  await other
    .getByRole('button', { name: /sign out/i })
    .first()
    .click();

  expect(await inPage('return window.ended')).toEqual([1008, expect.stringMatching(/^ERR_(?:SESSION_ENDED|SIGN_IN_REQUIRED)$/)]);
}, 60_000);
