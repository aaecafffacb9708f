// The server of own-suite/: scripts of our own in the shape of the suite's, as pages and as workers, and the WebSockets that they open.
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { ROOT } from '../support/files.ts';
import type { SuiteServer } from './server.ts';

export const OWN_SUITE = join(ROOT, 'test/web-platform/own-suite');

const SLOW_MS = 300;
const HARNESS = '<script src="/resources/testharness.js"></script><script src="/resources/testharnessreport.js"></script>';

export const startOwnSuite = async (): Promise<SuiteServer> => {
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false) });
  sockets.on('headers', (fields) => fields.push('Set-Cookie: handshake=2; Path=/'));
  const ends = new Map<string, Promise<string>>();
  const ended = new EventEmitter().setMaxListeners(0);
  const open = new Set<Duplex>();

  const serve: Readonly<Record<string, (socket: WebSocket, query: string, request: IncomingMessage) => unknown>> = {
    echo: (socket, name) => {
      socket.on('message', (data, binary) => socket.send(data, { binary }));
      if (name === '') return;
      const told = once(socket, 'close').then(([code, reason]) => `${code} ${reason}`);
      ends.set(name, told);
      ended.emit(name);
    },
    closed: async (socket, name) => {
      if (!ends.has(name)) await once(ended, name);
      socket.send((await ends.get(name))!);
    },
    burst: (socket, count) => {
      for (let n = 0; n < Number(count); n += 1) socket.send(n % 2 === 0 ? `${n}` : Buffer.from([n]));
      socket.close(1000, 'all');
    },
    'burst-at-close': (socket, count) => {
      // Before its answer to the close.
      (socket as unknown as { _receiver: EventEmitter })._receiver.prependListener('conclude', () => {
        for (let n = 0; n < Number(count); n += 1) socket.send(`${n}`);
      });
    },
    close: (socket, query) => {
      const [code, reason] = decodeURIComponent(query).split(':');
      if (code === '') socket.close();
      else socket.close(Number(code), reason);
    },
    fields: (socket, query, { url, headers }) => {
      const { host, origin, authorization, cookie, referer, 'sec-websocket-protocol': offered } = headers;
      const [cookies, protocols] = [cookie?.split('; ').sort(), offered?.split(/, ?/)];
      // A browser that was once asked for a password sends it ever after.
      const asked = { ...(query === 'cookie' && { cookies }), ...(url === '/basic' && { authorization }) };
      socket.send(JSON.stringify({ url, host, origin, referer, protocols, ...asked }));
    },
    'slow-close': async (socket) => {
      const receiver = (socket as unknown as { _receiver: EventEmitter })._receiver;
      const [answer] = receiver.listeners('conclude') as Array<(code: number, reason: Buffer) => void>;
      receiver.removeAllListeners('conclude').on('conclude', async (code, reason) => {
        await pause(SLOW_MS);
        answer!.call(receiver, code, reason);
      });
    },
    'no-close': (socket) => {
      const { _receiver: receiver, _socket: link } = socket as unknown as { _receiver: EventEmitter; _socket: Duplex };
      receiver.removeAllListeners('conclude').on('conclude', () => link.destroy());
    },
    drop: (socket, query) => {
      const { _socket: link } = socket as unknown as { _socket: Duplex };
      if (query === 'message') socket.send('last', () => link.destroy());
      else link.destroy();
    },
    broken: (socket) => {
      const { _socket: link } = socket as unknown as { _socket: Duplex };
      socket.send('before');
      // A text frame, then one of a kind that there is not.
      link.write(Buffer.from([0x83, 0]));
    },
  };
  /** Instead of a handshake. */
  const refuse: Readonly<Record<string, (socket: Duplex, key: string) => unknown>> = {
    refuse: (socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
    redirect: (socket) => socket.end('HTTP/1.1 301 Moved\r\nLocation: /echo\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
    'wrong-key': (socket, key) =>
      socket.end(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${createHash('sha1').update(`wrong${key}`).digest('base64')}\r\n\r\n`,
      ),
    never: () => undefined,
  };

  const upgrade = async (request: IncomingMessage, link: Duplex, head: Buffer): Promise<void> => {
    open.add(link.on('error', () => link.destroy()).on('close', () => open.delete(link)));
    const [, path = '', query = ''] = /^\/([^?]*)\??(.*)$/.exec(request.url ?? '') ?? [];
    if (path === 'basic' && request.headers.authorization === undefined)
      return void link.end(
        'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="suite"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      );
    if (path in refuse) return void refuse[path]!(link, request.headers['sec-websocket-key'] ?? '');
    if (path === 'slow-open') await pause(SLOW_MS);
    const act = serve[{ 'slow-open': 'echo', basic: 'fields' }[path] ?? path];
    if (act === undefined) return void refuse.refuse!(link, '');
    sockets.handleUpgrade(request, link, head, (socket) => {
      socket.on('error', () => undefined);
      void act(socket, query, request);
    });
  };

  const server = createServer(answerPage);
  server.on('upgrade', (request, link, head) => void upgrade(request, link, head));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: 'suite.localhost',
    pagePort: port,
    socketPort: port,
    ports: [port],
    dispose: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      for (const link of open) link.destroy();
      await closed;
    },
  };
};

const answerPage = ({ url = '/' }: IncomingMessage, response: ServerResponse): void => {
  const path = url.replace(/\?.*/, '');
  const [, name, kind] = /^(.*)\.(any|any\.worker|any\.sharedworker|window)\.html$/.exec(path) ?? [];
  const script = /^(.*)\.any\.worker\.js$/.exec(path)?.[1];
  if (name !== undefined) response.writeHead(200, { 'content-type': 'text/html' }).end(pageOf(name, kind!));
  else if (script !== undefined) response.writeHead(200, { 'content-type': 'text/javascript' }).end(workerOf(script));
  else if (path.endsWith('.js') && existsSync(join(OWN_SUITE, path)))
    response.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(join(OWN_SUITE, path)));
  else response.writeHead(path === '/' ? 200 : 404, { 'content-type': 'text/html' }).end('<!doctype html><p>Suite</p>');
};

const pageOf = (name: string, kind: string): string => {
  const inWorker: Readonly<Record<string, string>> = {
    'any.worker': `const worker = new Worker('${name}.any.worker.js'); worker.onmessage = ({ data }) => report(data);`,
    'any.sharedworker': `const { port } = new SharedWorker('${name}.any.worker.js'); port.onmessage = ({ data }) => report(data);`,
  };
  const script = inWorker[kind] ?? 'results().then(report)';
  const scripts = kind in inWorker ? '' : `<script src="seen.js"></script><script src="${name}.${kind}.js"></script>`;
  return `<!doctype html><meta charset="utf-8">${HARNESS}${scripts}<script>${script}</script>`;
};

const workerOf = (name: string): string => `importScripts('/resources/testharness.js', 'seen.js', '${name}.any.js');
if (globalThis.onconnect === undefined) results().then(postMessage);
else onconnect = ({ ports: [port] }) => results().then((all) => port.postMessage(all));`;
