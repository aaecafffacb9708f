// Composes the directory's custom resource. The logic is in custom-resource.ts.
import { createLog } from '../../protocol/log.ts';
import { readEnvironment } from '../environment.ts';
import { createDocumentClient } from '../stores/client.ts';
import { createDirectory } from '../stores/directory.ts';
import { createTable } from '../stores/table.ts';
import { createCustomResource } from './custom-resource.ts';
import { ENVIRONMENT } from './environment.ts';

const env = readEnvironment(ENVIRONMENT);

export const handler = createCustomResource({
  directory: createDirectory({ table: createTable(createDocumentClient(), env.DIRECTORY_TABLE) }),
  fetch,
  log: createLog({ fields: { tenant: env.TENANT, function: 'directory' } }),
});
