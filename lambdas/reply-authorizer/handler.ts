// Composes the Reply API's authorizer. The logic is in authorize-link.ts.
import { createLog } from '../../protocol/log.ts';
import { readEnvironment } from '../environment.ts';
import { ticketKey } from '../keys.ts';
import { createSecret, createSecretsClient } from '../secrets.ts';
import { createDocumentClient } from '../stores/client.ts';
import { createDirectory } from '../stores/directory.ts';
import { createServiceTokens } from '../stores/service-tokens.ts';
import { createSessions } from '../stores/sessions.ts';
import { createOpenSockets } from '../stores/sockets.ts';
import { createTable } from '../stores/table.ts';
import { createAuthorizeLink } from './authorize-link.ts';
import { ENVIRONMENT } from './environment.ts';

const env = readEnvironment(ENVIRONMENT);
const tables = createDocumentClient();
const table = createTable(tables, env.SESSIONS_TABLE);
const masterKey = createSecret(createSecretsClient(), env.MASTER_KEY_SECRET);

export const handler = createAuthorizeLink({
  key: async () => ticketKey(await masterKey.read()),
  sockets: createOpenSockets({ table, now: Date.now }),
  sessions: createSessions({ table, now: Date.now }),
  directory: createDirectory({ table: createTable(tables, env.DIRECTORY_TABLE) }),
  serviceTokens: createServiceTokens({ table: createTable(tables, env.REGISTRY_TABLE), now: Date.now }),
  now: Date.now,
  log: createLog({ fields: { function: 'reply-authorizer' } }),
});
