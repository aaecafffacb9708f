// For tests: a table on dynalite, a DynamoDB emulator, reached with the real SDK over HTTP.
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { BY_PARENT } from './sessions.ts';

// CommonJS, and without types.
const dynalite: (options: Readonly<Record<string, number>>) => Server = createRequire(import.meta.url)('dynalite');

export interface EmulatedTables {
  readonly client: DynamoDBDocumentClient;
  /** A new, empty table with the keys and the index that lib/ gives the tables. */
  create(): Promise<string>;
  close(): Promise<void>;
}

export const startEmulatedTables = async (): Promise<EmulatedTables> => {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  let tables = 0;

  return {
    client: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }),
    create: async () => {
      tables += 1;
      const name = `table-${tables}`;
      await client.send(
        new CreateTableCommand({
          TableName: name,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: ['pk', 'sk', 'parent'].map((attribute) => ({ AttributeName: attribute, AttributeType: 'S' as const })),
          KeySchema: keys('pk', 'sk'),
          GlobalSecondaryIndexes: [{ IndexName: BY_PARENT, KeySchema: keys('parent', 'pk'), Projection: { ProjectionType: 'KEYS_ONLY' } }],
        }),
      );
      return name;
    },
    close: async () => {
      client.destroy();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

const keys = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' as const },
  { AttributeName: range, KeyType: 'RANGE' as const },
];
