// Sign-out at a user pool's sign-in page ("Logout endpoint", Amazon Cognito Developer Guide): it ends the user's session there without asking, and
// goes only where the client is registered to go.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { ProviderClient } from './provider.ts';

export const createUserPoolSignOut =
  (provider: Provider, client: Pick<ProviderClient, 'clientId' | 'postLogoutRedirectUris'>) =>
  async (request: IncomingMessage, response: ServerResponse, query: URLSearchParams): Promise<void> => {
    const back = query.get('logout_uri') ?? '';
    if (query.get('client_id') !== client.clientId || !client.postLogoutRedirectUris.includes(back)) {
      response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' }).end('client_id or logout_uri is not registered.');
      return;
    }
    const name = provider.cookieName('session');
    const { cookies } = provider.createContext(request, response);
    const id = cookies.get(name, { signed: true });
    const session = id === undefined ? undefined : await provider.Session.find(id);
    await session?.destroy();
    cookies.set(name, null, { signed: true });
    response.writeHead(302, { location: back }).end();
  };
