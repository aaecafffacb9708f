// Composes the portal's function. The routes are in serve-portal.ts.
import { createLog } from '../../protocol/log.ts';
import { readEnvironment } from '../environment.ts';
import { readClaimNames } from '../identity/claim-names.ts';
import { createLogoutTokens } from '../identity/logout-token.ts';
import { createProviderKeys } from '../identity/provider-keys.ts';
import { readSecondFactor } from '../identity/second-factor.ts';
import { randomSecret, stateKey } from '../keys.ts';
import { readLook } from '../pages/look.ts';
import { createSecret, createSecretsClient } from '../secrets.ts';
import { createDocumentClient } from '../stores/client.ts';
import { createDirectory } from '../stores/directory.ts';
import { createRegistry } from '../stores/registry.ts';
import { createSessions } from '../stores/sessions.ts';
import { createTable } from '../stores/table.ts';
import { ENVIRONMENT } from './environment.ts';
import { createProvider } from './provider.ts';
import { createServePortal } from './serve-portal.ts';

const env = readEnvironment(ENVIRONMENT);
const tables = createDocumentClient();
const secrets = createSecretsClient();
const masterKey = createSecret(secrets, env.MASTER_KEY_SECRET);
const log = createLog({ fields: { tenant: env.TENANT, function: 'portal' } });
const portalUrl = new URL(env.PORTAL_URL).origin;
const claimNames = readClaimNames(env.CLAIMS);

export const handler = createServePortal({
  look: readLook(env.APPEARANCE),
  portalUrl,
  sessions: createSessions({ table: createTable(tables, env.SESSIONS_TABLE), now: Date.now }),
  directory: createDirectory({ table: createTable(tables, env.DIRECTORY_TABLE) }),
  registry: createRegistry({ table: createTable(tables, env.REGISTRY_TABLE), now: Date.now }),
  provider: createProvider({
    issuer: env.ISSUER,
    clientId: env.CLIENT_ID,
    clientSecret: createSecret(secrets, env.CLIENT_SECRET_SECRET),
    scopes: env.SCOPES,
    claimNames,
    portalUrl,
    now: Date.now,
    log,
  }),
  logoutTokens: createLogoutTokens({
    keys: createProviderKeys({ issuer: env.ISSUER, now: Date.now }),
    issuer: env.ISSUER,
    clientId: env.CLIENT_ID,
    now: Date.now,
  }),
  claimNames,
  secondFactor: readSecondFactor(env.SECOND_FACTOR),
  sessionLifetimeMs: Number(env.SESSION_LIFETIME_MINUTES) * 60_000,
  sessionIdleMs: Number(env.SESSION_IDLE_MINUTES) * 60_000 || undefined,
  assertionSecret: createSecret(secrets, env.ASSERTION_SECRET).read,
  stateKey: async () => stateKey(await masterKey.read()),
  now: Date.now,
  randomSecret,
  log,
});
