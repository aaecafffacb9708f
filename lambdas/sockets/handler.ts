// Composes the relay of users' WebSockets. The logic is in relay.ts.
import { createLog } from '../../protocol/log.ts';
import { readEnvironment } from '../environment.ts';
import { frameKey } from '../keys.ts';
import { createManagementClient, createPostFrame } from '../router/post.ts';
import { createSecret, createSecretsClient } from '../secrets.ts';
import { createDocumentClient } from '../stores/client.ts';
import { createRegistry } from '../stores/registry.ts';
import { createSessions } from '../stores/sessions.ts';
import { createOpenSockets } from '../stores/sockets.ts';
import { createTable } from '../stores/table.ts';
import { ENVIRONMENT } from './environment.ts';
import { createRelay } from './relay.ts';
import { createKeepSession } from './session-watch.ts';

const env = readEnvironment(ENVIRONMENT);
const tables = createDocumentClient();
const sessions = createTable(tables, env.SESSIONS_TABLE);
const masterKey = createSecret(createSecretsClient(), env.MASTER_KEY_SECRET);

export const handler = createRelay({
  post: createPostFrame(createManagementClient(env.TUNNEL_API_ENDPOINT)),
  frameKeyOf: async (tunnel) => frameKey(await masterKey.read(), tunnel),
  registry: createRegistry({ table: createTable(tables, env.REGISTRY_TABLE), now: Date.now }),
  sockets: createOpenSockets({ table: sessions, now: Date.now }),
  keepSession: createKeepSession({ sessions: createSessions({ table: sessions, now: Date.now }), now: Date.now }),
  log: createLog({ fields: { tenant: env.TENANT, function: 'sockets' } }),
});
