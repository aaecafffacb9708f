// Applications of one server that say whom they take a request for: by a header, by a sign-in page and a cookie, or not at all.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface NamingOrigin {
  /** Ending with `/`; below it `headers/`, `form/` and `open/`. */
  readonly url: string;
  dispose(): Promise<void>;
}

export const passwordOf = (name: string): string => `the password of ${name}`;

const PAGE =
  '<!doctype html><form method="post" action="/form/sign-in"><input name="user"><input type="password" name="password"><button>Go</button></form>';

export const startNamingOrigin = async (names: readonly string[]): Promise<NamingOrigin> => {
  const signedIn = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const [path = ''] = request.url!.split('?');
    const say = (user: string) =>
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        .end(`<!doctype html><p>You are <strong id="user">${user}</strong></p>\n`);
    if (path.startsWith('/open/')) return say('nobody in particular');
    if (path.startsWith('/headers/')) return say(String(request.headers['remote-user']));
    if (path !== '/form/sign-in') {
      const user = signedIn.get(/sid=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '');
      return user === undefined ? response.writeHead(302, { location: '/form/sign-in' }).end() : say(user);
    }
    if (request.method !== 'POST') return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
    let body = '';
    for await (const chunk of request) body += chunk;
    const form = new URLSearchParams(body);
    const name = names.find((known) => known === form.get('user') && passwordOf(known) === form.get('password'));
    if (name === undefined) return response.writeHead(403).end(PAGE);
    const sid = randomBytes(16).toString('base64url');
    signedIn.set(sid, name);
    return response.writeHead(302, { location: '/form/', 'set-cookie': `sid=${sid}; Path=/; HttpOnly` }).end();
  });
  server.listen(0, '127.0.0.1');
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
