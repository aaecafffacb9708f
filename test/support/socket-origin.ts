// An application with WebSockets (`ws`): `/` is a page that names them, `/echo` sends back what it gets, `/count/N` sends N numbered messages,
// `/refuse` refuses the handshake. What came with each handshake is kept.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface SocketOrigin {
  readonly url: string;
  readonly handshakes: IncomingMessage[];
  readonly open: Set<WebSocket>;
  dispose(): Promise<void>;
}

/** Opens a WebSocket before anything else. */
const SCRIPT = `const first = new WebSocket(location.href.replace(/^http/, 'ws') + 'echo');
window.first = new Promise((resolve) => { first.onopen = first.onclose = ({ type }) => { first.close(); resolve(type); }; });`;
const PAGE = `<!doctype html><html><head><title>Sockets</title></head><body><script>${SCRIPT}</script></body></html>`;
const WORKER =
  "onmessage = ({ data }) => { const s = new WebSocket(data); s.onopen = () => s.send('from a worker'); s.onmessage = (m) => postMessage(m.data); };";

export const startSocketOrigin = async (): Promise<SocketOrigin> => {
  const handshakes: IncomingMessage[] = [];
  const open = new Set<WebSocket>();
  const server = createServer((request, response) => {
    if (request.url === '/worker.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(WORKER);
    else response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
  });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false) });
  sockets.on('headers', (headers) => headers.push('Set-Cookie: seat=12; Path=/'));
  server.on('upgrade', (request, socket, head) => {
    handshakes.push(request);
    if (request.url?.startsWith('/refuse'))
      return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      open.add(webSocket);
      webSocket.on('close', () => open.delete(webSocket));
      const [, count] = /^\/count\/(\d+)/.exec(request.url ?? '') ?? [];
      for (let n = 0; n < Number(count ?? 0); n += 1) webSocket.send(`${n}`);
      if (count === undefined) webSocket.on('message', (data, binary) => webSocket.send(data, { binary }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    handshakes,
    open,
    dispose: async () => {
      for (const webSocket of open) webSocket.terminate();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
