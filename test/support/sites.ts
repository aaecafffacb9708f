// The private network of the publishing tests: one server that is asked by many names, and says by which.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Sites {
  readonly port: number;
  /** Names that were asked. */
  readonly asked: ReadonlySet<string>;
  /** `http://<name>.corp.localhost:<port>/`; `*` for all of them. */
  url(name: string): string;
  dispose(): Promise<void>;
}

/**
 * `/api/…`: JSON that says what came. `/hangup`: the connection breaks off. `/robots.txt`: a welcome to crawlers.
 * Anything else: a page with the name and the path.
 */
export const startSites = async (): Promise<Sites> => {
  const asked = new Set<string>();
  const server = createServer((request, response) => {
    asked.add(nameOf(request));
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    asked,
    url: (name) => `http://${name}.corp.localhost:${port}/`,
    dispose: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};

const nameOf = ({ headers: { host = '' } }: IncomingMessage): string => host.split('.')[0]!;

const answer = (request: IncomingMessage, response: ServerResponse): void => {
  const { method, url = '/', headers, socket } = request;
  const name = nameOf(request);
  if (url.includes('/hangup')) return void socket.destroy();
  if (url === '/robots.txt') return void response.setHeader('content-type', 'text/plain').end('User-agent: *\nAllow: /\n');
  if (url.includes('/api/')) {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ name, method, url, user: headers['remote-user'] }));
    return;
  }
  response
    .setHeader('content-type', 'text/html')
    .end(`<!doctype html><html lang="en"><title>${name}</title><h1>${name}</h1><p>${url}</p></html>`);
};
