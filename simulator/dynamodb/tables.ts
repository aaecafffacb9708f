// The CloudFormation types of DynamoDB, and what the front must know of each table.
import { setTimeout as pause } from 'node:timers/promises';
import { arn, REGION } from '../account.ts';
import { physicalName } from '../cloudformation/physical-name.ts';
import { allowOnly } from '../cloudformation/properties.ts';
import { isRecord } from '../iam/conditions.ts';
import type { CreatedResource, ResourceRequest, ResourceTypes } from '../services.ts';
import type { Store } from './store.ts';

export interface TableIndex {
  readonly name: string;
  readonly keys: readonly string[];
  readonly projectsAll: boolean;
}

export interface TableDescription {
  readonly name: string;
  readonly arn: string;
  readonly keys: readonly string[];
  readonly globalIndexes: readonly TableIndex[];
  /** Null without time to live. */
  readonly ttlAttribute: string | null;
  /** A customer managed key; null: AWS's. */
  readonly keyArn: string | null;
}

/** Accepted, since they change nothing that a function sees: backups, encryption, protection, capacity that is not throttled here. */
const WITHOUT_EFFECT = [
  'PointInTimeRecoverySpecification',
  'DeletionProtectionEnabled',
  'SSESpecification',
  'TableClass',
  'Tags',
  'ContributorInsightsSpecification',
  'OnDemandThroughput',
  'WarmThroughput',
  'WriteOnDemandThroughputSettings',
  'WriteProvisionedThroughputSettings',
];
const PASSED_ON = [
  'KeySchema',
  'AttributeDefinitions',
  'BillingMode',
  'ProvisionedThroughput',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
];

/** How often a new table is asked whether it is active. */
const ACTIVE_TRIES = 200;

export const tableTypes = (store: Store, tables: Map<string, TableDescription>): ResourceTypes => {
  const create = async (request: ResourceRequest): Promise<CreatedResource> => {
    const { properties } = request;
    const name = physicalName(request, properties.TableName, 255);
    const settings = Object.fromEntries(PASSED_ON.filter((key) => properties[key] !== undefined).map((key) => [key, properties[key]]));
    await store.call('CreateTable', { TableName: name, ...withNumbers(settings) });
    await active(store, name);
    const table: TableDescription = {
      name,
      arn: arn('dynamodb', `table/${name}`),
      keys: keyNames(properties.KeySchema),
      globalIndexes: list(properties.GlobalSecondaryIndexes).map(readIndex),
      ttlAttribute: readTtl(properties.TimeToLiveSpecification),
      keyArn: readKey(properties.SSESpecification),
    };
    tables.set(name, table);
    return { ref: name, attributes: { Arn: table.arn, TableId: name } };
  };

  return {
    'AWS::DynamoDB::Table': async (request) => {
      allowOnly(request, [...PASSED_ON, ...WITHOUT_EFFECT, 'TableName', 'TimeToLiveSpecification']);
      return create(request);
    },
    // CDK's TableV2. Differs from AWS: replicas in other Regions are refused.
    'AWS::DynamoDB::GlobalTable': async (request) => {
      allowOnly(request, [...PASSED_ON, ...WITHOUT_EFFECT, 'TableName', 'TimeToLiveSpecification', 'Replicas']);
      const regions = list(request.properties.Replicas).map((replica) => (isRecord(replica) ? replica.Region : undefined));
      if (regions.length !== 1 || regions[0] !== REGION)
        throw new Error(`the only replica must be in ${REGION}, not ${regions.join(', ')}`);
      return create(request);
    },
  };
};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const keyNames = (schema: unknown): string[] => list(schema).map((key) => (isRecord(key) ? String(key.AttributeName) : ''));

const readIndex = (index: unknown): TableIndex => {
  if (!isRecord(index)) throw new Error('GlobalSecondaryIndexes must hold objects');
  const projection = isRecord(index.Projection) ? index.Projection.ProjectionType : undefined;
  return { name: String(index.IndexName), keys: keyNames(index.KeySchema), projectsAll: projection === 'ALL' };
};

const readTtl = (specification: unknown): string | null => {
  if (!isRecord(specification) || String(specification.Enabled) !== 'true') return null;
  return String(specification.AttributeName);
};

const readKey = (specification: unknown): string | null =>
  isRecord(specification) && typeof specification.KMSMasterKeyId === 'string' ? specification.KMSMasterKeyId : null;

/** Templates may write numbers as text. */
const withNumbers = (value: unknown): Record<string, unknown> =>
  JSON.parse(JSON.stringify(value), (key, member: unknown) => (/CapacityUnits$/.test(key) ? Number(member) : member));

const active = async (store: Store, name: string): Promise<void> => {
  for (let tries = 0; tries < ACTIVE_TRIES; tries += 1) {
    const { Table: table } = await store.call('DescribeTable', { TableName: name });
    if (isRecord(table) && table.TableStatus === 'ACTIVE') return;
    await pause(1);
  }
  throw new Error(`the table ${name} did not become active`);
};
