// Composes the portal's function. The routes are in serve-portal.ts; a router asks for a session to be refreshed, or for an application's token.
import { setTimeout } from 'node:timers/promises';
import { createLog } from '../../protocol/log.ts';
import { createCloseConnection } from '../close-connection.ts';
import { readEdge } from '../edge.ts';
import { readEnvironment } from '../environment.ts';
import { createLogoutTokens } from '../identity/logout-token.ts';
import { createProviderKeys } from '../identity/provider-keys.ts';
import { readIdentityProviders } from '../identity/provider-profile.ts';
import { randomSecret, refreshTokenKey, stateKey } from '../keys.ts';
import { createSourceLimits } from '../limits/source-limits.ts';
import { readLook } from '../pages/look.ts';
import { createManagementClient } from '../router/post.ts';
import { createSecret, createSecretsClient } from '../secrets.ts';
import { createAttempts } from '../stores/attempts.ts';
import { createDocumentClient } from '../stores/client.ts';
import { createCredentialStore } from '../stores/credentials.ts';
import { createDirectory } from '../stores/directory.ts';
import { endingSockets } from '../stores/ending-sockets.ts';
import { createRegistry } from '../stores/registry.ts';
import { createSessions } from '../stores/sessions.ts';
import { createOpenSockets } from '../stores/sockets.ts';
import { createTable } from '../stores/table.ts';
import { applicationToken, type TokenEvent } from './application-token.ts';
import { ENVIRONMENT } from './environment.ts';
import type { PortalPorts } from './ports.ts';
import { createProvider } from './provider.ts';
import { type RefreshEvent, refreshSession } from './refresh-session.ts';
import type { PortalEvent } from './request.ts';
import { createSamlProvider } from './saml/provider.ts';
import { createServePortal } from './serve-portal.ts';

const env = readEnvironment(ENVIRONMENT);
const tables = createDocumentClient();
const registry = createTable(tables, env.REGISTRY_TABLE);
const secrets = createSecretsClient();
const masterKey = createSecret(secrets, env.MASTER_KEY_SECRET);
const log = createLog({ fields: { tenant: env.TENANT, function: 'portal' } });
const portalUrl = new URL(env.PORTAL_URL).origin;
const providers = readIdentityProviders(env.IDENTITY_PROVIDERS);
const sessionsTable = createTable(tables, env.SESSIONS_TABLE);
const sessions = endingSockets(
  createSessions({ table: sessionsTable, now: Date.now }),
  createOpenSockets({ table: sessionsTable, now: Date.now }),
  createCloseConnection(createManagementClient(env.REPLY_API_ENDPOINT)),
);
const samlSecret = createSecret(secrets, env.SAML_SECRET).read;
/** Provider's id → ARN of its client secret. */
const clientSecrets: Readonly<Record<string, string>> = JSON.parse(env.CLIENT_SECRETS);

const ports: PortalPorts = {
  look: readLook(env.APPEARANCE),
  portalUrl,
  sessions,
  directory: createDirectory({ table: createTable(tables, env.DIRECTORY_TABLE) }),
  registry: createRegistry({ table: registry, now: Date.now }),
  credentials: createCredentialStore({ table: registry, now: Date.now }),
  limits: createSourceLimits({ count: createAttempts({ table: registry }), now: Date.now }),
  providers: providers.map((profile) =>
    profile.protocol === 'saml'
      ? createSamlProvider({ profile, portalUrl, sessions, samlSecret, now: Date.now })
      : createProvider({
          profile,
          clientId: profile.clientId,
          clientSecret: profile.clientAuthentication === 'none' ? null : createSecret(secrets, clientSecrets[profile.id]!),
          scopes: profile.scopes,
          groupsFrom: profile.groupsFrom,
          signOut: profile.signOut,
          portalUrl,
          now: Date.now,
          log,
        }),
  ),
  logoutTokens: createLogoutTokens({
    issuers: providers
      .filter((provider) => provider.protocol === 'openid')
      .map(({ issuer, clientId }) => ({ issuer, clientId, keys: createProviderKeys({ issuer, now: Date.now }) })),
    now: Date.now,
  }),
  edge: readEdge(env.EDGE),
  sessionLifetimeMs: Number(env.SESSION_LIFETIME_MINUTES) * 60_000,
  sessionIdleMs: Number(env.SESSION_IDLE_MINUTES) * 60_000 || undefined,
  assertionSecret: createSecret(secrets, env.ASSERTION_SECRET).read,
  samlSecret,
  sessionRefreshMs: Number(env.SESSION_REFRESH_MINUTES) * 60_000 || undefined,
  refreshTokenKey: async () => refreshTokenKey(await masterKey.read()),
  stateKey: async () => stateKey(await masterKey.read()),
  now: Date.now,
  wait: (ms) => setTimeout(ms),
  randomSecret,
  log,
};
const serve = createServePortal(ports);

/** What a browser sends is below `body`, `headers` and such: it cannot make an event of another kind. */
export const handler = (event: PortalEvent | RefreshEvent | TokenEvent) => {
  if ('refresh' in event) return refreshSession(ports, event);
  return 'tokenFor' in event ? applicationToken(ports, event) : serve(event);
};
