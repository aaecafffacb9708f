// A portal session as the table has it: what time has done to it, and what became of it. The table is all that the service knows of time.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { World } from './world.ts';

export interface StoredSession {
  /** As if so long ago it had been used last, and as if the provider were to be asked now. */
  age(ms: number): Promise<void>;
  read(): Promise<Readonly<Record<string, unknown>> | undefined>;
}

export const storedSession = async (world: World, id: string): Promise<StoredSession> => {
  const resources = await world.control<Record<string, { ref: string }>>('GET', '/resources');
  const [, table] = Object.entries(resources).find(([logicalId]) => /^TablesSessions/.test(logicalId)) ?? [];
  const { awsEndpoint: endpoint, region, administrator: credentials } = world.ready;
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region, credentials }));
  const item = { TableName: table?.ref, Key: { pk: `session#${id}`, sk: '-' } };
  return {
    age: async (ms) => {
      await client.send(
        new UpdateCommand({
          ...item,
          UpdateExpression: 'SET usedAt = usedAt - :ms, refreshAt = :now',
          ConditionExpression: 'attribute_exists(usedAt)',
          ExpressionAttributeValues: { ':ms': ms, ':now': Date.now() },
        }),
      );
    },
    read: async () => (await client.send(new GetCommand({ ...item, ConsistentRead: true }))).Item,
  };
};
