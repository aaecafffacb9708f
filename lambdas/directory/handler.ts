// Composes the directory's custom resources. The logic is in custom-resource.ts.
import { createLog } from '../../protocol/log.ts';
import { createCloseConnection } from '../close-connection.ts';
import { readEnvironment } from '../environment.ts';
import { createManagementClient } from '../router/post.ts';
import { createSecret, createSecretsClient, writeSecret } from '../secrets.ts';
import { createDocumentClient } from '../stores/client.ts';
import { createDirectory } from '../stores/directory.ts';
import { endingAt } from '../stores/ending-sockets.ts';
import { createOpenSockets } from '../stores/sockets.ts';
import { createTable } from '../stores/table.ts';
import { createCustomResource } from './custom-resource.ts';
import { ENVIRONMENT } from './environment.ts';

const env = readEnvironment(ENVIRONMENT);
const secrets = createSecretsClient();
const tables = createDocumentClient();
const sockets = createOpenSockets({ table: createTable(tables, env.SESSIONS_TABLE), now: Date.now });
const superseded = endingAt(sockets, createCloseConnection(createManagementClient(env.REPLY_API_ENDPOINT)));

export const handler = createCustomResource({
  directory: createDirectory({ table: createTable(tables, env.DIRECTORY_TABLE), superseded }),
  signingKeys: { read: createSecret(secrets, env.SAML_SECRET).refresh, write: (value) => writeSecret(secrets, env.SAML_SECRET, value) },
  now: Date.now,
  fetch,
  log: createLog({ fields: { tenant: env.TENANT, function: 'directory' } }),
});
