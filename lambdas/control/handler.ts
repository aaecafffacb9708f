// Composes the control API's function. The logic is in serve-control.ts.
import { createLog } from '../../protocol/log.ts';
import { createCloseConnection } from '../close-connection.ts';
import { readEnvironment } from '../environment.ts';
import { randomSecret } from '../keys.ts';
import { createManagementClient } from '../router/post.ts';
import { createDocumentClient } from '../stores/client.ts';
import { createCredentialStore } from '../stores/credentials.ts';
import { createDirectory } from '../stores/directory.ts';
import { endingAt, endingSockets, endingWith } from '../stores/ending-sockets.ts';
import { createRegistry } from '../stores/registry.ts';
import { createServiceTokens } from '../stores/service-tokens.ts';
import { createSessions } from '../stores/sessions.ts';
import { createOpenSockets } from '../stores/sockets.ts';
import { createTable } from '../stores/table.ts';
import { ENVIRONMENT } from './environment.ts';
import { createFunctionLog, createLogsClient } from './function-log.ts';
import { createServeControl } from './serve-control.ts';

const env = readEnvironment(ENVIRONMENT);
const tables = createDocumentClient();
const registry = createTable(tables, env.REGISTRY_TABLE);

const logs = createLogsClient();
const logOf = (group: string) => createFunctionLog({ client: logs, group, now: Date.now });
const sessionsTable = createTable(tables, env.SESSIONS_TABLE);
const sockets = createOpenSockets({ table: sessionsTable, now: Date.now });
const closeSocket = createCloseConnection(createManagementClient(env.REPLY_API_ENDPOINT));

export const handler = createServeControl({
  registry: createRegistry({ table: registry, now: Date.now }),
  credentials: createCredentialStore({ table: registry, now: Date.now }),
  serviceTokens: createServiceTokens({ table: registry, now: Date.now, revoked: endingWith(sockets, closeSocket) }),
  sessions: endingSockets(createSessions({ table: sessionsTable, now: Date.now }), sockets, closeSocket),
  directory: createDirectory({ table: createTable(tables, env.DIRECTORY_TABLE), superseded: endingAt(sockets, closeSocket) }),
  routerLog: logOf(env.ROUTER_LOG_GROUP),
  otherLogs: [
    logOf(env.PORTAL_LOG_GROUP),
    logOf(env.ENROLMENT_LOG_GROUP),
    logOf(env.CONTROL_LOG_GROUP),
    logOf(env.TUNNELS_LOG_GROUP),
    logOf(env.TUNNEL_AUTHORIZER_LOG_GROUP),
    logOf(env.REPLY_AUTHORIZER_LOG_GROUP),
    logOf(env.DIRECTORY_LOG_GROUP),
  ],
  closeTunnel: createCloseConnection(createManagementClient(env.TUNNEL_API_ENDPOINT)),
  tenant: env.TENANT,
  domain: env.DOMAIN,
  claims: JSON.parse(env.CLAIMS),
  alternateHosts: JSON.parse(env.ALTERNATE_HOSTS),
  readTimeout: JSON.parse(env.READ_TIMEOUT),
  portalUrl: env.PORTAL_URL,
  now: Date.now,
  randomSecret,
  log: createLog({ fields: { tenant: env.TENANT, function: 'control' } }),
});
