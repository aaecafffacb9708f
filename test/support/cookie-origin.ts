// An application that sets cookies at several depths, and notes which come with what: `GET /set` sets them, any other `GET` is a page with a form to its own path;
// whatever is posted, and every WebSocket, is answered with a cookie that has no `Path`, named after the header field or query `by`.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

export interface CookieOrigin {
  /** Ends with `/`. */
  readonly url: string;
  /** What came, in order: `<by> <path>: <cookies by name>`, without those of `__Host-`. */
  readonly seen: string[];
  dispose(): Promise<void>;
}

const SET = ['root=1; Path=/', 'app=1; Path=/app; HttpOnly', 'deep=1; Path=/app/deep; HttpOnly', 'other=1; Path=/other'];

export const startCookieOrigin = async (): Promise<CookieOrigin> => {
  const seen: string[] = [];
  const note = ({ url = '', headers: { cookie = '' } }: IncomingMessage): string => {
    const { pathname, searchParams } = new URL(url, 'http://origin');
    const by = searchParams.get('by') ?? '';
    seen.push(`${by} ${pathname}: ${cookie.split('; ').sort().join('; ')}`);
    return `by-${by}=1`;
  };
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'text/html');
    if (request.method === 'GET') {
      if (request.url === '/set') response.setHeader('set-cookie', SET);
      response.end(`<!doctype html><html lang="en"><head><title>Cookies</title></head><body>
        <form method="post" enctype="multipart/form-data" action="?by=form"><input type="file" name="file"><button>Send</button></form></body></html>`);
      return;
    }
    for await (const _ of request);
    response.setHeader('set-cookie', note(request)).end('taken');
  });
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on('headers', (headers, request) => headers.push(`Set-Cookie: ${note(request)}`));
  server.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head, (webSocket) => webSocket.close()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    seen,
    dispose: async () => {
      for (const webSocket of sockets.clients) webSocket.terminate();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
