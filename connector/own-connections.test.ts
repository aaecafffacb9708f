// Connections that are one user's alone: some servers take whoever speaks on a connection for the user that they know there.
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Origins } from './origin.ts';
import type { Connection } from './ports.ts';
import { listen } from './testing/fake-service.ts';

let server: Server;
let origins: Origins;
let url: string;
/** Who spoke on each connection, as the server saw it. */
let speakers: Map<Socket, Set<string>>;

beforeEach(async () => {
  speakers = new Map();
  server = createServer((request, response) => {
    const known = speakers.get(request.socket) ?? new Set<string>();
    speakers.set(request.socket, known.add(request.headers['x-user'] as string));
    response.end('hello');
  });
  url = `http://127.0.0.1:${await listen(server)}`;
  origins = new Origins({ connections: 8, connectTimeoutMs: 2_000, ca: null });
});
afterEach(async () => {
  await origins.close();
  server.closeAllConnections();
  server.close();
});

const ask = async (user: string, connection?: Connection): Promise<void> => {
  const answer = await origins.call({
    method: 'GET',
    origin: url,
    path: '/',
    headers: [['X-User', user]],
    body: null,
    verifyCertificate: true,
    loopbackAllowed: true,
    signal: new AbortController().signal,
    connected: () => undefined,
    ...(connection && { connection }),
  });
  for await (const _ of answer.body);
};
const of = (user: string, limit = 4): Connection => ({ of: user, limit, idleMs: 60_000 });

test('a hundred requests of ten users and of nobody: no connection carries two of them', async () => {
  const users = Array.from({ length: 10 }, (_, index) => `user${index}`);

  await Promise.all(
    Array.from({ length: 100 }, (_, index) => {
      const user = users[(index * 7) % users.length]!;
      return index % 3 === 0 ? ask('nobody') : ask(user, of(user));
    }),
  );

  expect([...speakers.values()].filter((who) => who.size !== 1)).toEqual([]);
  expect(new Set([...speakers.values()].flatMap((who) => [...who]))).toEqual(new Set([...users, 'nobody']));
});

test('a user’s own connections are kept, and no more than there may be', async () => {
  await Promise.all(Array.from({ length: 20 }, () => ask('alice', of('alice', 1))));

  expect(speakers.size).toBe(1);
});

test('of one user too many, whoever called longest ago loses theirs', async () => {
  const closed: Promise<void>[] = [];
  server.on('connection', (socket) => closed.push(new Promise((resolve) => socket.once('close', () => resolve()))));
  await ask('first', of('first'));

  for (let index = 0; index < 2_000; index += 1) await ask('other', of(`other${index}`));

  await closed[0];
  expect(speakers.size).toBe(2_001);
}, 30_000);
