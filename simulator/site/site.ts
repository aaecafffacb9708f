// The sample on-premises site: what a newcomer sees through the whole path. It knows nothing of Sallyport but the headers it gets.
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chatPage, serveChat } from './chat.ts';
import { sendDownload } from './download.ts';
import { createGuestbook } from './guestbook.ts';
import { clockPage, homePage, page } from './pages.ts';

export interface Site {
  /** Ends with `/`. */
  readonly url: string;
  dispose(): Promise<void>;
}

type Action = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;

const EVENT_INTERVAL_MS = 1000;

export const startSite = async (port = 0): Promise<Site> => {
  const guestbook = createGuestbook();
  const actions: Readonly<Record<string, Action>> = {
    'GET /': (request, response) => sendHtml(response, homePage(request)),
    'GET /guestbook': (_, response) => sendHtml(response, guestbook.page()),
    'POST /guestbook': guestbook.sign,
    'GET /picture': guestbook.picture,
    'GET /moved': (_, response) => void response.writeHead(302, { location: '/?moved=1' }).end(),
    'GET /clock': (_, response) => sendHtml(response, clockPage()),
    'GET /chat': (_, response) => sendHtml(response, chatPage()),
    'GET /events': sendEvents,
    'GET /download': sendDownload,
    'GET /whoami': (request, response) => sendJson(response, { method: request.method, url: request.url, headers: request.headers }),
  };

  const server = createServer(answer(actions));
  const endChat = serveChat(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    dispose: () =>
      new Promise((resolve) => {
        endChat();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const answer =
  (actions: Readonly<Record<string, Action>>): RequestListener =>
  async (request, response) => {
    try {
      const url = new URL(request.url ?? '/', 'http://site');
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      const action = actions[`${method} ${url.pathname}`];
      if (action) return await action(request, response, url);
      sendHtml(response, page('Not found', '<p>There is no such page on this site. <a href="/">Home</a></p>'), 404);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else
        sendHtml(
          response,
          page('This did not work', `<p>${error instanceof TypeError ? 'The form could not be read.' : 'The site has a fault.'}</p>`),
          400,
        );
    }
  };

const sendHtml = (response: ServerResponse, body: string, status = 200): void => {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(body);
};

const sendJson = (response: ServerResponse, body: unknown): void => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

/** Server-sent events: one each second until the visitor goes. */
const sendEvents: Action = (request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let count = 0;
  const tick = () => response.write(`id: ${++count}\ndata: ${new Date().toISOString()}\n\n`);
  const timer = setInterval(tick, EVENT_INTERVAL_MS);
  tick();
  request.once('close', () => clearInterval(timer));
  response.once('close', () => clearInterval(timer));
};
