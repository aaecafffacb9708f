// The sample site's chat: what a visitor says, all visitors hear at once, over WebSockets.
import type { IncomingMessage, Server } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { asText, page } from './pages.ts';

const PATH = '/chat/live';
const LINE_MAX_BYTES = 4096;

/** The answer ends all visitors' sockets, which a server's own end does not. */
export const serveChat = (server: Server): (() => void) => {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LINE_MAX_BYTES });
  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    if (request.url !== PATH) return void socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    const by = asText(request.headers['remote-name'] ?? request.headers['remote-user'] ?? 'somebody');
    sockets.handleUpgrade(request, socket, head, (visitor) => {
      visitor.on('error', () => visitor.terminate());
      visitor.on('message', (data) => {
        const line = JSON.stringify({ by, text: String(data) });
        for (const other of sockets.clients) if (other.readyState === WebSocket.OPEN) other.send(line);
      });
    });
  });
  return () => {
    for (const visitor of sockets.clients) visitor.terminate();
  };
};

export const chatPage = (): string =>
  page(
    'Chat',
    `<p>Open this page twice: what is said in one is heard in both.</p><ol id="lines" aria-live="polite"></ol>
<form id="say"><label>Your words <input name="text" autocomplete="off" required></label><button>Say</button></form>
<script>
const socket = new WebSocket('${PATH}');
socket.onmessage = ({ data }) => {
  const { by, text } = JSON.parse(data);
  const item = document.createElement('li');
  item.textContent = by + ': ' + text;
  document.getElementById('lines').append(item);
};
document.getElementById('say').onsubmit = (event) => {
  event.preventDefault();
  const field = event.target.elements.text;
  socket.send(field.value);
  field.value = '';
};
</script>`,
  );
