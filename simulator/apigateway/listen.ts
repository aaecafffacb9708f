// One HTTP server on loopback, as each API and the public port have it.
import { createServer, type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** More than the largest quota on headers, so that the quota answers and not Node. */
const MAX_HEADER_BYTES = 128 * 1024;
/** Unverified on AWS: how long an idle connection is kept for a next request. */
const KEEP_ALIVE_MS = 60_000;

export type UpgradeListener = (message: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

export const listen = async (options: {
  readonly port?: number;
  readonly tls?: ServerOptions;
  readonly request: RequestListener;
  readonly upgrade?: UpgradeListener;
}): Promise<Listening> => {
  const settings = { maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: KEEP_ALIVE_MS };
  const server: Server = options.tls ? createTlsServer({ ...options.tls, ...settings }) : createServer(settings);
  const upgraded = new Set<Duplex>();
  server.on('request', (message, response) => {
    answering.set(message.socket, response);
    options.request(message, response);
  });
  server.on('connect', (_message: IncomingMessage, socket: Duplex) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'));
  if (options.upgrade) {
    server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
      upgraded.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => upgraded.delete(socket));
      options.upgrade?.(message, socket, head);
    });
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }),
  };
};

/** By connection, the last response on it. */
const answering = new WeakMap<object, ServerResponse>();

/** A request that asked for an upgrade, answered as a plain one: REST and HTTP APIs know no upgrade. */
export const withoutUpgrade = (message: IncomingMessage, socket: Duplex, request: RequestListener): void => {
  const response = new ServerResponse(message);
  response.shouldKeepAlive = false;
  const begin = (): void => {
    if (socket.destroyed) return;
    response.assignSocket(message.socket);
    response.once('finish', () => socket.end());
    request(message, response);
  };
  // A client that knows the length of an answer may ask again before we are done with it.
  const before = answering.get(message.socket);
  if (before === undefined || before.closed) begin();
  else before.once('close', begin);
};
