// The certified OpenID provider, configured as a tenant's identity provider would be: the tenant's client, with groups and amr in the ID
// token; and a program on users' own machines, which gets access tokens (RFC 9068) for whatever API it names (RFC 8707).

import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import type { Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { signedOutPage, signOutPage } from './pages.ts';
import { registerTokenExchange, TOKEN_EXCHANGE } from './token-exchange.ts';
import { MAIL_DOMAIN, ON_PREMISES_DOMAIN, type TestUser } from './users.ts';

export interface ProviderClient {
  readonly clientId: string;
  /** Null for a public client. */
  readonly clientSecret: string | null;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  /** What is told of users. */
  readonly telling: Telling;
}

/** What a client waits to be told of users. */
export interface Telling {
  /** A user pool's own claims, which nothing changes. */
  readonly asUserPool: boolean;
  /** What the claims are called beside the provider's own names. */
  readonly claims: Readonly<Record<'username' | 'name' | 'email' | 'groups', string>>;
  /** Values of `amr` and `acr` that show a second factor, beside the provider's own. */
  readonly secondFactor: { readonly amr: readonly string[]; readonly acr: readonly string[] };
  /** Users are known by their address there, for what the client calls their user name; null: by a short name. */
  readonly mailDomain: string | null;
}

export const USER_POOL: Telling = {
  asUserPool: true,
  claims: { username: 'email', name: 'name', email: 'email', groups: 'cognito:groups' },
  secondFactor: { amr: [], acr: [] },
  mailDomain: null,
};

const SCOPES = ['openid', 'profile', 'email', 'groups', 'offline_access'];
/** What a program may do at an API; its tenant file says which of it is asked for. */
const API_SCOPES = ['read', 'write'];
/** A public client: it has no secret, listens on loopback for the answer, at any port (RFC 8252 §7.3, §8.5). */
export const PROGRAM_CLIENT_ID = 'program';
const HOUR_S = 3600;
const CLAIMS = {
  openid: ['sub', 'amr', 'acr'],
  profile: ['name', 'preferred_username', 'upn', 'onpremisesuserprincipalname', 'onpremisessamaccountname', 'department'],
  email: ['email', 'email_verified'],
  groups: ['groups'],
};
/** As in a user pool's ID tokens: nothing tells of a second factor. */
const USER_POOL_CLAIMS = {
  openid: ['sub', 'cognito:username', 'cognito:groups'],
  profile: ['name'],
  email: ['email', 'email_verified'],
};
/** Below the pool's issuer. Differs from AWS: there, at the domain of its sign-in page. */
export const USER_POOL_SIGN_OUT = '/logout';

/** `mount`: the path of its issuer, below which all of its pages are. */
export const createProvider = async (
  issuer: string,
  mount: string,
  client: ProviderClient,
  users: () => readonly TestUser[],
): Promise<Provider> => {
  const { telling } = client;
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const configuration: Configuration = {
    clients: [
      {
        client_id: client.clientId,
        ...(client.clientSecret === null ? { token_endpoint_auth_method: 'none' } : { client_secret: client.clientSecret }),
        redirect_uris: [...client.redirectUris],
        post_logout_redirect_uris: [...client.postLogoutRedirectUris],
        grant_types: ['authorization_code', 'refresh_token', TOKEN_EXCHANGE],
        response_types: ['code'],
      },
      {
        client_id: PROGRAM_CLIENT_ID,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: ['http://localhost', 'http://127.0.0.1/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'simulator', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    scopes: SCOPES,
    claims: telling.asUserPool ? USER_POOL_CLAIMS : { ...CLAIMS, openid: [...CLAIMS.openid, ...Object.values(telling.claims)] },
    // Providers that companies use put the claims into the ID token itself.
    conformIdTokenClaims: false,
    acrValues: ['pwd', ...secondFactors(telling).acr],
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: API_SCOPES.join(' '),
          audience: resource,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
        useGrantedResource: () => true,
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          ctx.body = signOutPage(form);
        },
        postLogoutSuccessSource: (ctx) => {
          ctx.body = signedOutPage();
        },
      },
    },
    ...(telling.asUserPool && { routes: { end_session: USER_POOL_SIGN_OUT } }),
    interactions: { url: (_, interaction) => `${mount}/sign-in/${interaction.uid}` },
    ttl: { AccessToken: HOUR_S, IdToken: HOUR_S, Interaction: HOUR_S, Session: 8 * HOUR_S, Grant: 8 * HOUR_S },
    // Without a consent page nobody could ask for offline_access.
    issueRefreshToken: async (_, owner) => owner.grantTypeAllowed('refresh_token'),
    findAccount: (_, accountId) => findAccount(users(), accountId, telling),
    // As Entra ID and others do: an API learns who the user is from the token itself.
    extraTokenClaims: (_, token) => ('accountId' in token ? findAccount(users(), token.accountId, telling)?.claims() : undefined),
    loadExistingGrant: grantEverything,
  };
  withoutNotices();
  const oidc = await import('oidc-provider');
  const provider = new oidc.Provider(issuer, configuration);
  const isAccount = (accountId: string) => findAccount(users(), accountId, telling) !== undefined;
  await registerTokenExchange(provider, { publicKey, isAccount, scopes: API_SCOPES });
  return provider;
};

/** What the library says about production (an adapter, a newer Node) means nothing for test users in memory. */
const withoutNotices = () => {
  for (const method of ['info', 'warn'] as const) {
    const original = console[method];
    console[method] = (...values: unknown[]) => {
      if (!/\boidc-provider (NOTICE|WARNING): /.test(String(values[0]))) original(...values);
    };
  }
};

/** What shows a second factor; the first `acr` is what a sign-in with one gets. */
export const secondFactors = ({ secondFactor: { amr, acr } }: Telling) => ({ amr: ['mfa', ...amr], acr: [...acr, 'mfa'] });

const findAccount = (users: readonly TestUser[], accountId: string, { claims: names, mailDomain }: Telling) => {
  const user = users.find(({ username }) => accountId === subjectOf(username));
  if (!user || user.disabled) return undefined;
  const { username, name, groups, department } = user;
  const address = `${username}@${mailDomain ?? MAIL_DOMAIN}`;
  const claims = {
    [names.username]: username,
    [names.name]: name,
    [names.email]: address,
    [names.groups]: [...groups],
    sub: accountId,
    name,
    preferred_username: username,
    // As Entra calls what it knows of a user's account in Active Directory.
    upn: address,
    onpremisesuserprincipalname: `${username}@${ON_PREMISES_DOMAIN}`,
    onpremisessamaccountname: username,
    department,
    email: address,
    email_verified: true,
    groups: [...groups],
    'cognito:username': accountId,
    'cognito:groups': groups.length > 0 ? [...groups] : undefined,
    ...(mailDomain !== null && { [names.username]: address }),
  };
  return { accountId, claims: () => claims };
};

/** A subject says nothing about the person: nobody should be tempted to read it. */
export const subjectOf = (username: string): string => Buffer.from(`subject of ${username}`).toString('base64url');

/** The tenant's own client needs no consent page, nor do test users. */
const grantEverything = async (ctx: KoaContextWithOIDC) => {
  const { client, session, provider, resourceServers = {} } = ctx.oidc;
  const known = client && session?.grantIdFor(client.clientId);
  const grant =
    (known && (await provider.Grant.find(known))) || new provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
  grant.addOIDCScope(SCOPES.join(' '));
  grant.addOIDCClaims(['amr', 'acr']);
  for (const resource of Object.keys(resourceServers)) grant.addResourceScope(resource, API_SCOPES.join(' '));
  await grant.save();
  return grant;
};
