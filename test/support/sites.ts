// The private network of the publishing tests: one server that is asked by many names, and says by which.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Sites {
  readonly port: number;
  /** `http://<name>.corp.localhost:<port>/`; `*` for all of them. */
  url(name: string): string;
  dispose(): Promise<void>;
}

/**
 * `/api/…`: JSON that says what came. `/hangup`: the connection breaks off. `/robots.txt`: a welcome to crawlers.
 * Anything else: a page with the name and the path.
 */
export const startSites = async (): Promise<Sites> => {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: (name) => `http://${name}.corp.localhost:${port}/`,
    dispose: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};

const answer = ({ method, url = '/', headers, socket }: IncomingMessage, response: ServerResponse): void => {
  const name = (headers.host ?? '').split('.')[0];
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
