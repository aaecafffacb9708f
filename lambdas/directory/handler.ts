// Composes the directory's custom resources. The logic is in custom-resource.ts.
import { createLog } from '../../protocol/log.ts';
import { readEnvironment } from '../environment.ts';
import { createSecret, createSecretsClient, writeSecret } from '../secrets.ts';
import { createDocumentClient } from '../stores/client.ts';
import { createDirectory } from '../stores/directory.ts';
import { createTable } from '../stores/table.ts';
import { createCustomResource } from './custom-resource.ts';
import { ENVIRONMENT } from './environment.ts';

const env = readEnvironment(ENVIRONMENT);
const secrets = createSecretsClient();

export const handler = createCustomResource({
  directory: createDirectory({ table: createTable(createDocumentClient(), env.DIRECTORY_TABLE) }),
  signingKeys: { read: createSecret(secrets, env.SAML_SECRET).refresh, write: (value) => writeSecret(secrets, env.SAML_SECRET, value) },
  now: Date.now,
  fetch,
  log: createLog({ fields: { tenant: env.TENANT, function: 'directory' } }),
});
