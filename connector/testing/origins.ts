// Origins on loopback and calls to them, for a file of tests: what a test opens here is closed after it.
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { afterEach } from '@jest/globals';
import { Origins, type OriginsOptions } from '../origin.ts';
import type { OriginCall } from '../ports.ts';
import { listen } from './fake-service.ts';

const open: Array<{ close(): unknown }> = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

export const serve = async (listener: RequestListener, server: Server = createServer()): Promise<string> => {
  server.on('request', listener);
  const port = await listen(server);
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return `127.0.0.1:${port}`;
};

/** Answers each connection with raw bytes. */
export const serveRaw = async (answer: (socket: Socket) => void): Promise<string> => {
  const server: TcpServer = createTcpServer((socket) => {
    socket.on('error', () => {});
    answer(socket);
  });
  const port = await listen(server as unknown as Server);
  open.push(server);
  return `127.0.0.1:${port}`;
};

export const createOrigins = (options: Partial<OriginsOptions> = {}): Origins => {
  const origins = new Origins({ connections: 4, connectTimeoutMs: 2_000, ca: null, ...options });
  open.push(origins);
  return origins;
};

export const call = (fields: Partial<OriginCall>): OriginCall => ({
  method: 'GET',
  origin: 'http://127.0.0.1:1',
  path: '/',
  headers: [],
  body: null,
  verifyCertificate: true,
  loopbackAllowed: true,
  signal: new AbortController().signal,
  connected: () => {},
  ...fields,
});

export const textOf = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
};
