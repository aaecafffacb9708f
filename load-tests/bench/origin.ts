// The benchmark's origin, in a process of its own: `/noise/N` answers with N bytes that do not compress, `/text/N` with N bytes that do,
// `/sink` with how many it was sent; a WebSocket says again what it hears. `?after=MS` has an answer wait.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { prose } from '../../connector/testing/prose.ts';

const KINDS: Readonly<Record<string, { readonly type: string; readonly make: (bytes: number) => Buffer }>> = {
  noise: { type: 'application/octet-stream', make: randomBytes },
  text: { type: 'text/plain', make: (bytes) => prose(bytes) },
};
const MESSAGE_MAX_BYTES = 64 * 1024 * 1024;
const made = new Map<string, Buffer>();

const server = createServer(async (request, response) => {
  if (request.url === '/sink') {
    let bytes = 0;
    for await (const part of request) bytes += (part as Buffer).length;
    return void response.end(String(bytes));
  }
  const [, name = '', size = '', ms] = /^\/(\w+)\/(\d+)(?:\?after=(\d+))?$/.exec(request.url ?? '') ?? [];
  const kind = KINDS[name];
  if (!kind) return void response.writeHead(404).end();
  const key = `${name}/${size}`;
  const body = made.get(key) ?? kind.make(Number(size));
  made.set(key, body);
  if (ms !== undefined) await wait(Number(ms));
  response.writeHead(200, { 'Content-Type': kind.type, 'Content-Length': body.length }).end(body);
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false, maxPayload: MESSAGE_MAX_BYTES });
sockets.on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
