// An enrolment code that an hour has passed for: what the table says of it is all that the service knows.
import { createHash } from 'node:crypto';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { World } from './world.ts';

export const expireCode = async (world: World, code: string): Promise<void> => {
  const resources = await world.control<Record<string, { ref: string }>>('GET', '/resources');
  const [, table] = Object.entries(resources).find(([logicalId]) => /^TablesRegistry/.test(logicalId)) ?? [];
  const { awsEndpoint: endpoint, region, administrator: credentials } = world.ready;
  const client = new DynamoDBClient({ endpoint, region, credentials });
  const id = createHash('sha256').update(code.split('#')[1]!).digest('base64url');
  await client.send(
    new UpdateItemCommand({
      TableName: table?.ref,
      Key: { pk: { S: `enrolment#${id}` }, sk: { S: '-' } },
      UpdateExpression: 'SET expiresAt = :past',
      ConditionExpression: 'expiresAt > :past',
      ExpressionAttributeValues: { ':past': { N: String(Date.now() - 1) } },
    }),
  );
  client.destroy();
};
