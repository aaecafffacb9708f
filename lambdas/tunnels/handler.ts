// Composes the Tunnel API's function. The logic is in serve-tunnel.ts.
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { SallyportError } from '../../protocol/errors.ts';
import { createLog } from '../../protocol/log.ts';
import { readEnvironment } from '../environment.ts';
import { createSecret, createSecretsClient } from '../secrets.ts';
import { createDocumentClient } from '../stores/client.ts';
import { createDirectory } from '../stores/directory.ts';
import { createRegistry } from '../stores/registry.ts';
import { createTable } from '../stores/table.ts';
import { ENVIRONMENT } from './environment.ts';
import { createServeTunnel } from './serve-tunnel.ts';

const env = readEnvironment([...ENVIRONMENT, 'AWS_REGION']);
const tables = createDocumentClient();
const sts = new STSClient({ requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true } });
const masterKey = createSecret(createSecretsClient(), env.MASTER_KEY_SECRET);

/** The least that STS gives: a connector that is removed can post for no longer. The others ask for new ones in time. */
const CREDENTIALS_LIFETIME_S = 900;

const replyCredentials = async (connector: string) => {
  const command = new AssumeRoleCommand({
    RoleArn: env.REPLY_ROLE_ARN,
    RoleSessionName: connector,
    DurationSeconds: CREDENTIALS_LIFETIME_S,
  });
  const { Credentials } = await sts.send(command).catch((error: unknown) => {
    throw new SallyportError('ERR_STORE_UNAVAILABLE', `Role ${env.REPLY_ROLE_ARN} gave no credentials: ${String(error)}`, { cause: error });
  });
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken, Expiration } = Credentials ?? {};
  if (!accessKeyId || !secretAccessKey || !sessionToken || !Expiration)
    throw new SallyportError('ERR_INTERNAL', 'STS answered no credentials.');
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt: Expiration.getTime() };
};

export const handler = createServeTunnel({
  registry: createRegistry({ table: createTable(tables, env.REGISTRY_TABLE), now: Date.now }),
  directory: createDirectory({ table: createTable(tables, env.DIRECTORY_TABLE) }),
  masterKey: () => masterKey.read(),
  replyCredentials,
  replyEndpoint: env.REPLY_API_ENDPOINT,
  region: env.AWS_REGION,
  now: Date.now,
  log: createLog({ fields: { tenant: env.TENANT, function: 'tunnels' } }),
});
