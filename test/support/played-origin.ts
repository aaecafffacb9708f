// An origin that a test plays: each request waits for what the test answers to it.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export interface PlayedOrigin {
  /** Ends with `/`. */
  readonly url: string;
  /** The next request for this path, query not counted. */
  arrival(path: string): Promise<Arrival>;
  dispose(): Promise<void>;
}

export const startPlayedOrigin = async (): Promise<PlayedOrigin> => {
  const waiting = new Map<string, (arrival: Arrival) => void>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://origin').pathname;
    const take = waiting.get(path);
    waiting.delete(path);
    if (take) take({ request, response });
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    arrival: (path) =>
      new Promise((resolve) => {
        waiting.set(path, resolve);
      }),
    dispose: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
