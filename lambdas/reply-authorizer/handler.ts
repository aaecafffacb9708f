// Composes the Reply API's authorizer. The logic is in authorize-router.ts.
import { createLog } from '../../protocol/log.ts';
import { readEnvironment } from '../environment.ts';
import { ticketKey } from '../keys.ts';
import { createSecret, createSecretsClient } from '../secrets.ts';
import { createAuthorizeRouter } from './authorize-router.ts';
import { ENVIRONMENT } from './environment.ts';

const env = readEnvironment(ENVIRONMENT);
const masterKey = createSecret(createSecretsClient(), env.MASTER_KEY_SECRET);

export const handler = createAuthorizeRouter({
  key: async () => ticketKey(await masterKey.read()),
  now: Date.now,
  log: createLog({ fields: { function: 'reply-authorizer' } }),
});
