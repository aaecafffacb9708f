// Posts to a Reply API that answers, refuses, or whose links fall silent.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLog } from '../protocol/log.ts';
import { createNetwork, type Network } from './network.ts';
import { ReplyApi } from './reply.ts';

/** Far more than loopback needs. */
const ATTEMPT_MS = 1_000;

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
  api = new ReplyApi(network, createLog({ write: () => {} }), ATTEMPT_MS);
});
afterEach(async () => {
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
    credentials: { accessKeyId: 'KEY', secretAccessKey: 'secret', sessionToken: 'token', expiresAt: 0 },
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
