// The router's view of the tables: each cached as caching.ts says, and sessions as they are for a sign-in that comes back.
import { createSourceLimits } from '../limits/source-limits.ts';
import { createAttempts } from '../stores/attempts.ts';
import { createDocumentClient } from '../stores/client.ts';
import { createCredentialStore } from '../stores/credentials.ts';
import { createDirectory } from '../stores/directory.ts';
import { createRegistry } from '../stores/registry.ts';
import { createServiceTokens } from '../stores/service-tokens.ts';
import { createSessions } from '../stores/sessions.ts';
import { createTable } from '../stores/table.ts';
import { cachedDirectory, cachedServiceTokens, cachedSessions, cachedTunnels } from './caching.ts';
import { createPasswords } from './passwords.ts';
import type { Clock } from './ports.ts';
import type { RouterPorts } from './router.ts';

type TableNames = Readonly<Record<'DIRECTORY_TABLE' | 'REGISTRY_TABLE' | 'SESSIONS_TABLE', string>>;

export const createStores = (
  names: TableNames,
  clock: Clock,
): Pick<
  RouterPorts,
  | 'directory'
  | 'freshDirectory'
  | 'tunnels'
  | 'limits'
  | 'sessions'
  | 'findSession'
  | 'findServiceToken'
  | 'freshServiceToken'
  | 'passwords'
> => {
  const client = createDocumentClient();
  const registry = createTable(client, names.REGISTRY_TABLE);
  const serviceTokens = createServiceTokens({ table: registry, now: clock.now });
  const sessions = createSessions({ table: createTable(client, names.SESSIONS_TABLE), now: clock.now });
  const directory = createDirectory({ table: createTable(client, names.DIRECTORY_TABLE) });
  return {
    directory: cachedDirectory(directory, clock),
    freshDirectory: directory,
    tunnels: cachedTunnels(createRegistry({ table: registry, now: clock.now }), clock),
    findServiceToken: cachedServiceTokens(serviceTokens, clock),
    freshServiceToken: serviceTokens.find,
    passwords: createPasswords(createCredentialStore({ table: registry, now: clock.now }), clock),
    limits: createSourceLimits({ count: createAttempts({ table: registry }), now: clock.now }),
    sessions,
    findSession: cachedSessions(sessions, clock),
  };
};
