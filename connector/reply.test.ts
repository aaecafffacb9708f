// Posts to a Reply API that answers, refuses, or whose links fall silent.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLog } from '../protocol/log.ts';
import { createNetwork, type Network } from './network.ts';
import { ReplyApi } from './reply.ts';

/** Far more than loopback needs. */
const ATTEMPT_MS = 1_000;
const CREDENTIALS = { accessKeyId: 'KEY', secretAccessKey: 'secret', sessionToken: 'token', expiresAt: 0 };

let server: Server;
let network: Network;
let api: ReplyApi;
let status: number;
/** Links that no longer answer. */
let silent: Set<Socket>;
let links: Set<Socket>;

beforeEach(async () => {
  status = 200;
  silent = new Set();
  links = new Set();
  server = createServer(async (request, response) => {
    for await (const _ of request);
    if (!silent.has(request.socket)) response.writeHead(status, { 'Content-Type': 'application/json' }).end('{}');
  });
  server.on('connection', (socket: Socket) => links.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  network = createNetwork({ env: {}, extraCa: null });
  api = new ReplyApi({ network, log: createLog({ write: () => {} }), now: () => Date.now(), attemptMs: ATTEMPT_MS });
});
afterEach(async () => {
  api.close();
  network.close();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
});

const welcome = (): void =>
  api.use({
    replyEndpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/live`,
    region: 'eu-central-1',
    credentials: CREDENTIALS,
  });

test('before a welcome nothing can be posted', async () => {
  expect(await api.send('frame', 'router-1')).toBe('busy');
});

test.each([
  [200, 'delivered'],
  [410, 'gone'],
  [403, 'refused'],
  [400, 'invalid'],
  [413, 'invalid'],
  [429, 'busy'],
  [500, 'busy'],
] as const)('%i is %s', async (answer, attempt) => {
  welcome();
  status = answer;

  expect(await api.send('frame', 'router-1')).toBe(attempt);
});

test('after one link fell silent the next attempt takes a new one, not another of the idle', async () => {
  welcome();
  await Promise.all(Array.from({ length: 8 }, () => api.send('frame', 'router-1')));
  silent = new Set(links);
  const before = links.size;

  const first = await api.send('frame', 'router-1');
  const second = await api.send('frame', 'router-1');

  expect(before).toBeGreaterThan(1);
  expect([first, second]).toEqual(['busy', 'delivered']);
});

test('posts go through the proxy that the environment names, with its credentials', async () => {
  const { port } = server.address() as AddressInfo;
  const asked: unknown[] = [];
  const proxy = createServer().on('connect', (request, socket) => {
    asked.push([request.url, request.headers['proxy-authorization']]);
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const through = `http://user:pass@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const proxied = new ReplyApi({
    network: createNetwork({ env: { http_proxy: through }, extraCa: null }),
    log: createLog({ write: () => {} }),
    now: () => Date.now(),
  });
  proxied.use({ replyEndpoint: 'http://reply.example.com/live', region: 'eu-central-1', credentials: CREDENTIALS });

  const attempt = await proxied.send('frame', 'router-1');

  expect(attempt).toBe('delivered');
  expect(asked).toEqual([['reply.example.com:80', `Basic ${Buffer.from('user:pass').toString('base64')}`]]);
  proxied.close();
  proxy.close();
});
