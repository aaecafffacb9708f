// Composes the enrolment function. The logic is in enrol.ts.
import { createLog } from '../../protocol/log.ts';
import { readEnvironment } from '../environment.ts';
import { createSourceLimits } from '../limits/source-limits.ts';
import { createAttempts } from '../stores/attempts.ts';
import { createDocumentClient } from '../stores/client.ts';
import { createRegistry } from '../stores/registry.ts';
import { createTable } from '../stores/table.ts';
import { createEnrol } from './enrol.ts';
import { ENVIRONMENT } from './environment.ts';

const env = readEnvironment(ENVIRONMENT);

const table = createTable(createDocumentClient(), env.REGISTRY_TABLE);

export const handler = createEnrol({
  registry: createRegistry({ table, now: Date.now }),
  limits: createSourceLimits({ count: createAttempts({ table }), now: Date.now }),
  tenant: env.TENANT,
  tunnelUrl: env.TUNNEL_API_URL,
  now: Date.now,
  log: createLog({ fields: { tenant: env.TENANT, function: 'enrolment' } }),
});
