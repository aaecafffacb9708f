// For tests: the AWS endpoint with IAM and its services, and real SDK clients against it.
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { createLog } from '../protocol/log.ts';
import { REGION } from './account.ts';
import { startAwsEndpoint } from './aws-endpoint.ts';
import { systemClock } from './clock.ts';
import { startDynamodb } from './dynamodb/dynamodb.ts';
import { createFaults } from './faults.ts';
import { createIam } from './iam/iam.ts';
import { createLogs } from './logs/logs.ts';
import { createMeter } from './meter.ts';
import { createSecretsManager } from './secretsmanager/secretsmanager.ts';
import type { AccessKeys, Clock, CreatedResource } from './services.ts';
import { createSts } from './sts/sts.ts';

export interface AwsFixtureOptions {
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly withoutStatement?: string;
}

export const startAwsFixture = async ({ clock = systemClock, random = Math.random, withoutStatement }: AwsFixtureOptions = {}) => {
  const iam = createIam({ clock, ...(withoutStatement === undefined ? {} : { withoutStatement }) });
  const meter = createMeter();
  const faults = createFaults();
  const log = createLog({ write: () => {} });
  const dynamodb = await startDynamodb({ iam, meter, faults, clock, log, random });
  const secretsManager = createSecretsManager({ iam, meter, clock });
  const logs = createLogs({ iam, meter, clock });
  const services = [dynamodb.service, secretsManager.service, createSts({ iam, meter }), logs.service];
  const endpoint = await startAwsEndpoint({ services, iam, clock, log });
  const types = { ...iam.resources, ...dynamodb.resources, ...secretsManager.resources, ...logs.resources };
  const clients: { destroy(): void }[] = [];

  const create = async (type: string, logicalId: string, properties: Record<string, unknown>): Promise<CreatedResource> => {
    const make = types[type];
    if (!make) throw new Error(`The fixture has no ${type}.`);
    return make({ logicalId, type, properties, stackName: 'Test' });
  };

  /** A role that trusts Lambda and may do what the statements say; answers keys as Lambda would have them. */
  const createFunctionRole = async (
    logicalId: string,
    statements: readonly object[],
  ): Promise<{ keys: AccessKeys; arn: string; name: string }> => {
    const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
    const role = await create('AWS::IAM::Role', logicalId, {
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [trust] },
      ...(statements.length === 0
        ? {}
        : { Policies: [{ PolicyName: 'inline', PolicyDocument: { Version: '2012-10-17', Statement: statements } }] }),
    });
    const arn = role.attributes?.Arn ?? '';
    return { keys: iam.sessionForService(arn, 'lambda.amazonaws.com', 'function'), arn, name: role.ref };
  };

  const settings = (keys: AccessKeys) => ({ region: REGION, endpoint: endpoint.url, credentials: keys, maxAttempts: 1 });
  const kept = <Client extends { destroy(): void }>(client: Client): Client => {
    clients.push(client);
    return client;
  };

  return {
    iam,
    meter,
    faults,
    endpoint,
    logs,
    create,
    createFunctionRole,
    sts: (keys: AccessKeys = iam.administrator) => kept(new STSClient(settings(keys))),
    secrets: (keys: AccessKeys = iam.administrator) => kept(new SecretsManagerClient(settings(keys))),
    logReader: (keys: AccessKeys = iam.administrator) => kept(new CloudWatchLogsClient(settings(keys))),
    tables: (keys: AccessKeys = iam.administrator) => kept(new DynamoDBClient(settings(keys))),
    dispose: async () => {
      for (const client of clients) client.destroy();
      await endpoint.dispose();
      await dynamodb.dispose();
    },
  };
};

export type AwsFixture = Awaited<ReturnType<typeof startAwsFixture>>;
