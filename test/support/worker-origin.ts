// An application whose service worker answers every navigation with the page that it has stored, as common tools write one. At `/` and at `/app/`,
// each with a worker of that scope; `…/data` is what the page asks for.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WorkerOrigin {
  /** Ends with `/`. */
  readonly url: string;
  dispose(): Promise<void>;
}

const PAGE = `<!doctype html><html lang="en"><head><title>Stored</title></head><body><main><h1>Application</h1><p id="data">…</p>
<button>Ask</button></main><script>
const base = location.pathname.startsWith('/app/') ? '/app/' : '/';
const ask = async () => {
  const answer = await fetch(base + 'data');
  document.getElementById('data').textContent = answer.ok ? 'Data: ' + await answer.text() : 'Refused: ' + answer.status;
};
document.querySelector('button').onclick = ask;
ask();
navigator.serviceWorker.register(base + 'sw.js');
</script></body></html>`;

const workerOf = (base: string) => `
addEventListener('install', (event) => event.waitUntil(caches.open('shell').then((cache) => cache.add('${base}shell'))));
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  if (event.request.mode === 'navigate') event.respondWith(caches.match('${base}shell'));
});`;

/** `port`: 0 for any. */
export const startWorkerOrigin = async (port = 0): Promise<WorkerOrigin> => {
  const server = createServer(({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://origin');
    if (pathname.endsWith('/sw.js'))
      response.setHeader('content-type', 'text/javascript').end(workerOf(pathname.slice(0, -'sw.js'.length)));
    else if (pathname.endsWith('/data')) response.setHeader('content-type', 'text/plain').end('good');
    else response.setHeader('content-type', 'text/html').end(PAGE);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    dispose: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
