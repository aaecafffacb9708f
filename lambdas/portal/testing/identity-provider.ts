// For tests: a certified OpenID provider in this process, on a port of its own. Whoever `user` names is signed in without a page.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';

export const CLIENT_ID = 'sallyport';
const HOUR_S = 3600;
const EXCHANGES = ['urn:ietf:params:oauth:grant-type:token-exchange', 'urn:ietf:params:oauth:grant-type:jwt-bearer'];
const EXCHANGE_PARAMETERS = [
  'subject_token',
  'subject_token_type',
  'requested_token_type',
  'audience',
  'scope',
  'assertion',
  'requested_token_use',
];
const SCOPES = ['openid', 'profile', 'email', 'groups'];

export interface TestProvider {
  readonly issuer: string;
  /** Claims of the user who signs in next; null cancels. */
  user: Record<string, unknown> | null;
  /** While true, every connection is broken off. */
  away: boolean;
  /** Of users who signed in, by their `sub`: what the provider says of them now. Who is deleted is unknown to it. */
  readonly accounts: Map<string, Record<string, unknown>>;
  /** While not null, what the token endpoint answers to a refresh. */
  refreshAnswer: { readonly status: number; readonly body: object } | null;
  /** What the token endpoint answers to a client of good standing that wants a token exchanged. */
  exchange: (asked: Readonly<Record<string, string>>) => Promise<{ readonly status: number; readonly body: object }>;
  /** What was asked in exchanges. */
  readonly exchanges: Record<string, string>[];
  /** How many refreshes were asked for. */
  refreshes: number;
  /** A token with these claims, signed as the provider signs its own. */
  sign(claims: JWTPayload, header?: object): Promise<string>;
  close(): Promise<void>;
}

export interface TestProviderOptions {
  /** As the tenant file calls it. */
  readonly id: string;
  readonly portalUrl: string;
  /** Null: we are a public client. */
  readonly clientSecret: string | null;
  /** Whether the ID token carries little, and userinfo the rest. */
  readonly smallIdTokens?: boolean;
}

export const startIdentityProvider = async ({
  id,
  portalUrl,
  clientSecret,
  smallIdTokens = false,
}: TestProviderOptions): Promise<TestProvider> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const accounts = new Map<string, Record<string, unknown>>();
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });

  const configuration: Configuration = {
    clients: [
      {
        client_id: CLIENT_ID,
        ...(clientSecret === null ? { token_endpoint_auth_method: 'none' as const } : { client_secret: clientSecret }),
        redirect_uris: [`${portalUrl}/callback/${id}`],
        post_logout_redirect_uris: [`${portalUrl}/signed-out`],
        grant_types: ['authorization_code', 'refresh_token', ...EXCHANGES],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'test', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['of the test'] },
    scopes: SCOPES,
    claims: {
      openid: ['sub', 'amr', 'acr'],
      profile: ['name', 'preferred_username', 'department'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    conformIdTokenClaims: smallIdTokens,
    acrValues: ['mfa'],
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, accountId) => {
      const claims = accounts.get(accountId);
      return claims && { accountId, claims: () => ({ sub: accountId, ...claims }) };
    },
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    loadExistingGrant: grantEverything,
    ttl: { AccessToken: HOUR_S, Grant: HOUR_S, IdToken: HOUR_S, Interaction: HOUR_S, RefreshToken: HOUR_S, Session: HOUR_S },
    // Its own failures are part of the tests.
    renderError: (ctx, out) => {
      ctx.body = JSON.stringify(out);
    },
  };
  const provider = new Provider(issuer, configuration);
  for (const grantType of EXCHANGES) {
    const play = async (ctx: KoaContextWithOIDC): Promise<void> => {
      const asked = Object.entries(ctx.oidc.params ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
      test.exchanges.push(Object.fromEntries(asked));
      Object.assign(ctx, await test.exchange(test.exchanges.at(-1)!));
    };
    provider.registerGrantType(grantType, play, EXCHANGE_PARAMETERS);
  }
  const serve = provider.callback();
  provider.on('grant.success', ({ oidc }) => {
    if (oidc.params?.grant_type === 'refresh_token') test.refreshes += 1;
  });

  const test: TestProvider = {
    issuer,
    user: null,
    sign: (claims, header) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'test', typ: 'logout+jwt', ...header }).sign(privateKey),
    away: false,
    accounts,
    refreshAnswer: null,
    exchange: async () => ({ status: 400, body: { error: 'unsupported_grant_type' } }),
    exchanges: [],
    refreshes: 0,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  const interact = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (test.user === null) return provider.interactionFinished(request, response, { error: 'access_denied' });
    const { sub, amr, acr, ...claims } = test.user;
    accounts.set(String(sub), claims);
    return provider.interactionFinished(request, response, {
      login: { accountId: String(sub), amr: amr as string[], acr: acr as string | undefined },
    });
  };
  server.on('request', (request, response) => {
    if (test.away) request.destroy();
    else if (request.url === '/token' && test.refreshAnswer !== null) {
      const { status, body } = test.refreshAnswer;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    } else if (request.url?.startsWith('/interaction/')) void interact(request, response);
    else void serve(request, response);
  });
  return test;
};

const grantEverything = async ({ oidc: { client, session, provider } }: KoaContextWithOIDC) => {
  const known = client && session?.grantIdFor(client.clientId);
  if (known) return provider.Grant.find(known);
  const grant = new provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
  grant.addOIDCScope(SCOPES.join(' '));
  grant.addOIDCClaims(['amr', 'acr']);
  await grant.save();
  return grant;
};
