// The simulator's identity provider on a loopback port: a certified OpenID provider with a sign-in page and test users, for each issuer that a
// tenant has at one host.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codePage, faultPage, passwordPage } from './pages.ts';
import { createProvider, type ProviderClient, secondFactors, subjectOf, type Telling, USER_POOL_SIGN_OUT } from './provider.ts';
import { createUserPoolSignOut } from './user-pool-sign-out.ts';
import { oneTimeCode, type TestUser, USERS, type UserChanges } from './users.ts';

export interface IdentityProvider {
  /** What its issuers begin with. */
  readonly origin: string;
  /**
   * Begins to sign users in for this client, at the issuer with this path: empty, or as `/realms/main/`, to the letter. Until then it answers
   * 503. Apart, since the client's addresses are known only once it runs.
   */
  serve(path: string, client: ProviderClient): Promise<void>;
  /** False: connections are refused, as when the provider is down. */
  setReachable(reachable: boolean): Promise<void>;
  /** Changes what the provider says of a test user from now on. False: there is no such user. */
  changeUser(username: string, changes: UserChanges): boolean;
  dispose(): Promise<void>;
}

type Provider = Awaited<ReturnType<typeof createProvider>>;
type Handle = (request: IncomingMessage, response: ServerResponse) => void;

const FORM_MAX_BYTES = 16 * 1024;

export const startIdentityProvider = async (): Promise<IdentityProvider> => {
  const mounts = new Map<string, Handle>();
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').replace(/\?.*$/s, '');
    const [mount] = [...mounts.keys()].filter((one) => path.startsWith(`${one}/`)).sort((one, other) => other.length - one.length);
    if (mount !== undefined) mounts.get(mount)!(request, response);
    else response.writeHead(mounts.size === 0 ? 503 : 404).end();
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });

  const users = new Map(USERS.map((user) => [user.username, user]));

  await listen(0);
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const serve = async (path: string, client: ProviderClient) => {
    const mount = path.replace(/\/$/, '');
    const provider = await createProvider(origin + path, mount, client, () => [...users.values()]);
    const standard = provider.callback();
    const signIn = createSignIn(provider, mount, client.telling, () => [...users.values()]);
    const signOutOfPool = createUserPoolSignOut(provider, client);
    mounts.set(mount, (request, response) => {
      const { url = '/' } = request;
      if (url.startsWith(`${mount}/sign-in/`)) return void signIn(request, response);
      const { pathname, searchParams } = new URL(url, origin);
      if (client.telling.asUserPool && pathname === mount + USER_POOL_SIGN_OUT) return void signOutOfPool(request, response, searchParams);
      // The library finds what comes before its own paths by comparing the two.
      Object.assign(request, { originalUrl: url, url: url.slice(mount.length) });
      return void standard(request, response);
    });
  };

  return {
    origin,
    serve,
    changeUser: (username, changes) => {
      const user = users.get(username);
      if (user) users.set(username, { ...user, ...changes });
      return user !== undefined;
    },
    setReachable: async (reachable) => {
      if (reachable !== server.listening) await (reachable ? listen(port) : close());
    },
    dispose: async () => {
      if (server.listening) await close();
    },
  };
};

/** Password, then a one-time code for users who have one. What was proved so far is kept with the interaction, not in the page. */
const createSignIn = (provider: Provider, mount: string, telling: Telling, users: () => readonly TestUser[]) => {
  const factors = secondFactors(telling);
  const halfway = new Map<string, TestUser>();

  const finish = (request: IncomingMessage, response: ServerResponse, user: TestUser, twoFactors: boolean) => {
    const amr = twoFactors ? ['pwd', 'otp', ...factors.amr] : ['pwd'];
    const login = { accountId: subjectOf(user.username), amr, acr: twoFactors ? factors.acr[0]! : 'pwd' };
    // A program on the user's machine cannot prove that it is itself: the provider wants the user's consent each time (RFC 8252 §8.6).
    return provider.interactionFinished(request, response, { login, consent: {} }, { mergeWithLastSubmission: false });
  };

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const { uid, params } = await provider.interactionDetails(request, response);
      const action = `${mount}/sign-in/${uid}`;
      if (request.url === action && request.method === 'GET') return sendPage(response, passwordPage(action, false));
      if (request.method !== 'POST') return sendPage(response, faultPage(), 404);

      const form = await readForm(request);
      if (request.url === `${action}/password`) {
        const user = users().find(({ username, password }) => username === form.get('username') && password === form.get('password'));
        if (!user || user.disabled) return sendPage(response, passwordPage(action, true), 401);
        const asked = String(params.acr_values ?? '')
          .split(' ')
          .some((value) => factors.acr.includes(value));
        const twoFactors = user.secondFactor === 'always' || (asked && user.secondFactor === 'on request');
        if (!twoFactors) return await finish(request, response, user, false);
        halfway.set(uid, user);
        return sendPage(response, codePage(action, user, false));
      }

      const user = halfway.get(uid);
      if (request.url !== `${action}/code` || !user) return sendPage(response, faultPage(), 404);
      if (form.get('code') !== oneTimeCode(user)) return sendPage(response, codePage(action, user, true), 401);
      halfway.delete(uid);
      return await finish(request, response, user, true);
    } catch {
      // The provider throws for an interaction that it does not know (any more).
      if (!response.headersSent) sendPage(response, faultPage(), 400);
    }
  };
};

const sendPage = (response: ServerResponse, body: string, status = 200): void => {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(body);
};

const readForm = async (request: IncomingMessage): Promise<URLSearchParams> => {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > FORM_MAX_BYTES) throw new Error('The form is too large.');
  }
  return new URLSearchParams(text);
};
