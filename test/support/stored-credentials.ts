// Users' sealed credentials as the table has them, in the hands of somebody who can write there.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { World } from './world.ts';

export interface StoredItem {
  readonly pk: string;
  readonly sk: string;
  readonly sealed: string;
  readonly setBy: string;
}

export interface RegistryTable {
  /** Of an application. */
  credentials(application: string): Promise<StoredItem[]>;
  put(item: StoredItem): Promise<void>;
  remove(item: StoredItem): Promise<void>;
}

export const registryTable = async (world: World): Promise<RegistryTable> => {
  const resources = await world.control<Record<string, { ref: string }>>('GET', '/resources');
  const [, found] = Object.entries(resources).find(([logicalId]) => /^TablesRegistry/.test(logicalId)) ?? [];
  const { awsEndpoint: endpoint, region, administrator: credentials } = world.ready;
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region, credentials }));
  const table = { TableName: found?.ref };
  return {
    credentials: async (application) => {
      const query = { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': `credentials#${application}` } };
      return ((await client.send(new QueryCommand({ ...table, ...query }))).Items ?? []) as StoredItem[];
    },
    put: async (item) => {
      await client.send(new PutCommand({ ...table, Item: item }));
    },
    remove: async ({ pk, sk }) => {
      await client.send(new DeleteCommand({ ...table, Key: { pk, sk } }));
    },
  };
};
