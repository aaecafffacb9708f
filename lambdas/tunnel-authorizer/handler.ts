// Composes the Tunnel API's authorizer. The logic is in authorize-dial.ts.
import { createLog } from '../../protocol/log.ts';
import { readEnvironment } from '../environment.ts';
import { createDocumentClient } from '../stores/client.ts';
import { createRegistry } from '../stores/registry.ts';
import { createTable } from '../stores/table.ts';
import { createAuthorizeDial } from './authorize-dial.ts';
import { ENVIRONMENT } from './environment.ts';

const env = readEnvironment(ENVIRONMENT);

export const handler = createAuthorizeDial({
  registry: createRegistry({ table: createTable(createDocumentClient(), env.REGISTRY_TABLE), now: Date.now }),
  audience: `sallyport:${env.TENANT}:tunnel`,
  now: Date.now,
  log: createLog({ fields: { tenant: env.TENANT, function: 'tunnel-authorizer' } }),
});
