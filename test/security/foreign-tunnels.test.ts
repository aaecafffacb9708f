// Attack: a connector reaches for what is another's (Envoy #43614).
//
// Somebody controls one enrolled connector. With its AWS credentials they post to another connector's tunnel, to have it call an
// application; they ask for, or close, the connections of routers; they read the tables and secrets of the deployment. With its key
// they dial in another connector's name. IAM lets a connector post to the Reply API and do nothing else at all, and a dial is checked
// with the key that was registered for the name that it claims.
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { control } from '../support/administrator.ts';
import { functionLog, logged } from '../support/logs.ts';
import { management, tunnelEndpoint } from '../support/management.ts';
import { type PlayedConnector, playConnector, playConnectorOf, type WelcomedTunnel } from '../support/played-connector.ts';
import { connections } from '../support/sockets.ts';
import { stranger } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

interface Denial {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
}

let world: World;
let mallory: PlayedConnector;
let tunnel: WelcomedTunnel;
let victim: string;

beforeAll(async () => {
  world = await startWorld();
  [victim] = (await connections(world, 'Tunnel')) as [string];
  mallory = await playConnectorOf(world, 'elsewhere');
  tunnel = await mallory.welcomed();
  // The router has a connection of its own by now.
  await stranger.fetch(world.url('intranet'));
}, 120_000);
afterAll(async () => {
  await mallory?.dispose();
  await world?.dispose();
}, 60_000);

const credentials = () => tunnel.welcome.credentials;
const lastDenial = async () => (await world.control<Denial[]>('GET', '/iam/denials')).at(-1);
const resource = async (logicalId: RegExp): Promise<string> => {
  const resources = await world.control<Record<string, { ref: string }>>('GET', '/resources');
  return Object.entries(resources).find(([id]) => logicalId.test(id))![1].ref;
};

test('a post to another connector’s tunnel, and to their own: ForbiddenException', async () => {
  const tunnels = management(await tunnelEndpoint(world), world.ready.region, credentials());

  await expect(tunnels.post(victim, 'x')).rejects.toMatchObject({ name: 'ForbiddenException' });
  await expect(tunnels.post(tunnel.connectionId, 'x')).rejects.toMatchObject({ name: 'ForbiddenException' });
  expect(await lastDenial()).toMatchObject({
    principal: expect.stringContaining(mallory.identity.connector),
    action: 'execute-api:ManageConnections',
  });
});

test('asking for a router’s connection and closing it: ForbiddenException, and it lives', async () => {
  const [router] = await connections(world, 'Reply');
  const replies = management(tunnel.welcome.replyEndpoint, world.ready.region, credentials());

  await expect(replies.get(router!)).rejects.toMatchObject({ name: 'ForbiddenException' });
  await expect(replies.delete(router!)).rejects.toMatchObject({ name: 'ForbiddenException' });
  expect(await connections(world, 'Reply')).toContain(router);
});

test('tables and secrets: AccessDeniedException', async () => {
  const where = { endpoint: world.ready.awsEndpoint, region: world.ready.region, credentials: credentials(), maxAttempts: 1 };
  const [TableName, SecretId] = [await resource(/^TablesRegistry/), await resource(/^SecretsMaster/)];

  const scan = () => new DynamoDBClient(where).send(new ScanCommand({ TableName }));
  const secret = () => new SecretsManagerClient(where).send(new GetSecretValueCommand({ SecretId }));

  await expect(scan()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await expect(secret()).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

test('a dial in another connector’s name: ERR_CONNECTOR_UNKNOWN, and the authorizer’s log tells', async () => {
  const { connectors } = await control(world).status();
  const other = connectors.find(({ group }) => group === 'default')!.id;

  const pretender = playConnector({ ...mallory.identity, connector: other });

  await expect(pretender.dial()).rejects.toMatchObject({ code: 'ERR_CONNECTOR_UNKNOWN' });
  await pretender.dispose();
  await logged(() => functionLog(world, 'tunnelAuthorizer'), { event: 'tunnel.dial-refused', code: 'ERR_SIGN_IN_REQUIRED' });
});
