// For tests: the portal on a port of its own, with real providers and its stores on an emulated table.
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { createLog } from '../../../protocol/log.ts';
import type { SamlSettings } from '../../../tenants/identity-providers.ts';
import { createKey, type NamedKey } from '../../directory/signing-keys.ts';
import type { ClaimNames } from '../../identity/claim-names.ts';
import { createLogoutTokens } from '../../identity/logout-token.ts';
import { createProviderKeys } from '../../identity/provider-keys.ts';
import { withProfile } from '../../identity/provider-profile.ts';
import { randomSecret, refreshTokenKey, stateKey } from '../../keys.ts';
import { createSourceLimits } from '../../limits/source-limits.ts';
import { type Counters, createCounters } from '../../limits/testing/counters.ts';
import { createLook } from '../../pages/look.ts';
import { createCredentialStore } from '../../stores/credentials.ts';
import { type EmulatedTables, startEmulatedTables } from '../../stores/emulated-table.ts';
import type { Application, CredentialStore, Sessions, Tunnel } from '../../stores/records.ts';
import { createSessions } from '../../stores/sessions.ts';
import { createTable, type Table } from '../../stores/table.ts';
import { applicationToken, type TokenAnswer, type TokenAsk } from '../application-token.ts';
import type { IdentityProvider, PortalPorts } from '../ports.ts';
import { createProvider } from '../provider.ts';
import { refreshSession } from '../refresh-session.ts';
import type { PortalEvent } from '../request.ts';
import { createSamlProvider } from '../saml/provider.ts';
import { settingsFor } from '../saml/testing/saml-provider.ts';
import { createServePortal } from '../serve-portal.ts';
import { CLIENT_ID, startIdentityProvider, type TestProvider } from './identity-provider.ts';

export const CLAIM_NAMES: ClaimNames = {
  username: 'preferred_username',
  name: 'name',
  email: 'email',
  groups: 'groups',
  further: ['department'],
};

let key: NamedKey | undefined;
/** Made once, where a test needs it: it takes a while. */
export const signingKey = (): NamedKey => {
  key ??= createKey('main', 1_700_000_000_000);
  return key;
};

export const ASSERTION_SECRET = 'a secret of a test';

export interface World {
  readonly portalUrl: string;
  /** Where it listens: the same, unless a test says what it is called. */
  readonly address: string;
  /** The first of them. */
  readonly idp: TestProvider;
  readonly idps: readonly TestProvider[];
  readonly providers: readonly IdentityProvider[];
  readonly sessions: Sessions;
  readonly credentials: CredentialStore;
  readonly lines: string[];
  /** Of attempts. */
  readonly counters: Counters;
  /** Of the portal only. */
  clock: number;
  /** What Secrets Manager holds, and what a running function has kept of it. */
  readonly secret: { stored: string; kept: string };
  applications: Application[];
  /** An error: the registry cannot be read. */
  tunnels: Tunnel[] | Error;
  /** As a router asks for it. */
  refresh(portalSession: string): Promise<void>;
  tokenFor(ask: TokenAsk): Promise<TokenAnswer>;
  /** The sessions' own table. */
  readonly table: Table;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** The provider gave us no secret. */
  readonly isPublicClient?: boolean;
  readonly signOut?: 'openid' | 'cognito';
  readonly smallIdTokens?: boolean;
  readonly claimNames?: ClaimNames;
  readonly portalUrl?: string;
  /** Of each provider; left out: one that may speak for everyone. */
  readonly emailDomains?: Readonly<Record<string, readonly string[]>>;
  /** Instead of the OpenID providers, one that speaks SAML and signs with this key. */
  readonly samlKey?: KeyObject;
  readonly samlSettings?: Partial<SamlSettings>;
}

export const startWorld = async (options: WorldOptions = {}): Promise<World> => {
  const tables: EmulatedTables = await startEmulatedTables();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const portalUrl = options.portalUrl ?? address;
  const emailDomains = options.emailDomains ?? { main: [] };
  const ids = Object.keys(emailDomains);
  const idps = await Promise.all(
    ids.map((id) =>
      startIdentityProvider({ id, portalUrl, clientSecret: options.isPublicClient ? null : 'right', smallIdTokens: options.smallIdTokens }),
    ),
  );
  const now = () => world.clock;
  const log = createLog({ write: (line) => world.lines.push(line), now });
  const secret = { stored: 'right', kept: 'right' };
  const clientSecret = {
    read: async () => secret.kept,
    refresh: async () => {
      secret.kept = secret.stored;
      return secret.kept;
    },
  };
  const table = createTable(tables.client, await tables.create());
  const sessions = createSessions({ table, now });
  const counters = createCounters();
  const openidProviders = idps.map(({ issuer }, index) => {
    const id = ids[index]!;
    const claims = options.claimNames ?? CLAIM_NAMES;
    const settings = {
      protocol: 'openid' as const,
      id,
      name: `Sign-in of ${id}`,
      issuer,
      emailDomains: emailDomains[id]!,
      claims,
      secondFactor: { amr: ['mfa'], acr: ['mfa'] },
    };
    const profile = withProfile(settings, ids.length);
    return createProvider({
      profile,
      clientId: CLIENT_ID,
      clientSecret: options.isPublicClient ? null : clientSecret,
      scopes: ['openid', 'profile', 'email', 'groups'],
      groupsFrom: 'claims',
      signOut: options.signOut ?? 'openid',
      portalUrl,
      now,
      log,
    });
  });

  const samlSecret = async () => JSON.stringify({ keys: [signingKey()] });
  const { samlKey } = options;
  const providers = samlKey
    ? [createSamlProvider({ profile: settingsFor([samlKey], options.samlSettings), portalUrl, sessions, samlSecret, now })]
    : openidProviders;

  const world: World = {
    portalUrl,
    address,
    idp: idps[0]!,
    idps,
    providers,
    sessions,
    credentials: createCredentialStore({ table, now }),
    table,
    refresh: (refresh) => refreshSession(ports, { refresh }),
    tokenFor: (tokenFor) => applicationToken(ports, { tokenFor }),
    lines: [],
    counters,
    clock: 1_700_000_000_000,
    secret,
    applications: [],
    tunnels: [],
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, ...idps.map((idp) => idp.close()), tables.close()]);
    },
  };
  const ports: PortalPorts = {
    look: createLook({ name: 'contoso', color: null, support: null }),
    portalUrl,
    sessions: world.sessions,
    directory: {
      applications: async () => world.applications,
      applicationsOn: async (host) =>
        world.applications.filter((application) => application.host === host).map((application) => ({ ...application, callers: [] })),
    },
    registry: {
      tunnels: async (group) => {
        if (world.tunnels instanceof Error) throw world.tunnels;
        return world.tunnels.filter((tunnel) => tunnel.group === group);
      },
    },
    credentials: world.credentials,
    limits: createSourceLimits({ count: counters.count, now }),
    providers,
    logoutTokens: createLogoutTokens({
      issuers: idps.map(({ issuer }) => ({ issuer, clientId: CLIENT_ID, keys: createProviderKeys({ issuer, now }) })),
      now,
    }),
    edge: null,
    sessionLifetimeMs: 8 * 3_600_000,
    sessionIdleMs: 30 * 60_000,
    assertionSecret: async () => ASSERTION_SECRET,
    samlSecret,
    sessionRefreshMs: 15 * 60_000,
    refreshTokenKey: async () => refreshTokenKey('master'),
    stateKey: async () => stateKey('master'),
    now,
    // The clock stands; what is waited for happens at the provider.
    wait: () => setTimeout(10),
    randomSecret,
    log,
  };
  const serve = createServePortal(ports);
  server.on('request', async (request, response) => {
    const { statusCode, headers, cookies = [], body } = await serve(await toEvent(request));
    response.writeHead(statusCode, { ...headers, 'Set-Cookie': [...cookies] }).end(body);
  });
  return world;
};

/** As API Gateway would tell of it: names in lower case, cookies apart. */
const toEvent = async (request: IncomingMessage): Promise<PortalEvent> => {
  const [path = '/', ...rest] = (request.url ?? '/').split('?');
  const { cookie = '', ...headers } = request.headers as Record<string, string>;
  const body: Buffer[] = [];
  for await (const chunk of request) body.push(chunk);
  return {
    rawPath: path,
    rawQueryString: rest.join('?'),
    cookies: cookie === '' ? undefined : cookie.split('; '),
    headers,
    body: Buffer.concat(body).toString('base64'),
    isBase64Encoded: true,
    requestContext: { requestId: 'r-1', http: { method: request.method ?? 'GET', path, sourceIp: '192.0.2.1' } },
  };
};
