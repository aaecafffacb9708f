import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { dial } from './dial.ts';

let server: WebSocketServer;
let url: string;

beforeAll(async () => {
  server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    verifyClient: ({ req }: { req: IncomingMessage }) => !req.url!.includes('refused'),
  });
  await new Promise((resolve) => server.once('listening', resolve));
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test('carries text both ways and tells the end once', async () => {
  const extensions: string[] = [];
  server.once('connection', (socket, request) => {
    extensions.push(request.headers['sec-websocket-extensions'] ?? 'none');
    socket.on('message', (data) => {
      socket.send(`heard ${data}`);
      socket.close(1001);
    });
  });
  const told: string[] = [];

  await new Promise<void>((done) => {
    const link = dial(`${url}/?ticket=t`, {
      opened: () => link.send('whoami'),
      message: (text) => told.push(text),
      closed: (reason) => {
        told.push(reason);
        done();
      },
    });
  });

  expect(told).toEqual(['heard whoami', 'closed with 1001']);
  expect(extensions).toEqual(['none']);
});

test('tells a refused handshake without the ticket', async () => {
  const reason = await new Promise<string>((closed) =>
    dial(`${url}/refused?ticket=secret`, { opened: () => undefined, message: () => undefined, closed }),
  );

  expect(reason).toContain('401');
  expect(reason).not.toContain('secret');
});

test('tells nothing after it was terminated', async () => {
  const told: string[] = [];
  const left = new Promise<void>((resolve) => server.once('connection', (socket) => socket.once('close', () => resolve())));

  const link = dial(url, { opened: () => link.terminate(), message: () => undefined, closed: (reason) => told.push(reason) });
  await left;

  expect(told).toEqual([]);
});
