import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type AwsFixture, startAwsFixture } from '../aws-fixture.ts';
import type { AccessKeys } from '../services.ts';
import { KEYS, WITH_INDEX } from './fixture.ts';

let aws: AwsFixture;
let plain: string;
let indexed: string;
const draws: number[] = [];

beforeAll(async () => {
  aws = await startAwsFixture({ random: () => draws.shift() ?? 0.5 });
  plain = (await aws.create('AWS::DynamoDB::Table', 'Plain', KEYS)).ref;
  indexed = (await aws.create('AWS::DynamoDB::Table', 'Indexed', WITH_INDEX)).ref;
});
beforeEach(() => {
  aws.meter.reset();
  aws.faults.set({ 'throttle-tables': 0 });
});
afterAll(() => aws.dispose());

const table = (keys?: AccessKeys) => DynamoDBDocumentClient.from(aws.tables(keys));

test('items are put, read, changed under a condition, queried and deleted', async () => {
  const client = table();
  const Key = { pk: 'group#a', sk: 'one' };

  await client.send(new PutCommand({ TableName: plain, Item: { ...Key, seenAt: 1, nested: { list: [1, 'two'] } } }));
  await client.send(
    new UpdateCommand({
      TableName: plain,
      Key,
      UpdateExpression: 'SET seenAt = :new',
      ConditionExpression: 'seenAt < :new',
      ExpressionAttributeValues: { ':new': 5 },
    }),
  );
  const got = await client.send(new GetCommand({ TableName: plain, Key, ConsistentRead: true }));
  const queried = await client.send(
    new QueryCommand({ TableName: plain, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': 'group#a' } }),
  );
  const deleted = await client.send(new DeleteCommand({ TableName: plain, Key, ReturnValues: 'ALL_OLD' }));

  expect(got.Item).toEqual({ ...Key, seenAt: 5, nested: { list: [1, 'two'] } });
  expect(queried.Items).toEqual([got.Item]);
  expect(deleted.Attributes).toEqual(got.Item);
  expect((await client.send(new GetCommand({ TableName: plain, Key }))).Item).toBeUndefined();
});

test('an index answers what was projected', async () => {
  const client = table();
  await client.send(new PutCommand({ TableName: indexed, Item: { pk: 'session#1', sk: '-', parent: 'portal', secret: 'x' } }));

  const { Items } = await client.send(
    new QueryCommand({
      TableName: indexed,
      IndexName: 'by-parent',
      KeyConditionExpression: 'parent = :parent',
      ExpressionAttributeValues: { ':parent': 'portal' },
    }),
  );

  expect(Items).toEqual([{ pk: 'session#1', sk: '-', parent: 'portal' }]);
});

test('a failed condition answers the item when it is asked for', async () => {
  const client = table();
  const Item = { pk: 'taken', sk: '-', by: 'first' };
  await client.send(new PutCommand({ TableName: plain, Item }));

  const refusal = client.send(
    new PutCommand({
      TableName: plain,
      Item: { ...Item, by: 'second' },
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    }),
  );

  await expect(refusal).rejects.toMatchObject({
    name: 'ConditionalCheckFailedException',
    Item: expect.objectContaining({ by: { S: 'first' } }),
  });
});

test('a table is described by its ARN and its time to live', async () => {
  const described = await aws.tables().send(new DescribeTableCommand({ TableName: indexed }));
  const { TimeToLiveDescription } = await aws.tables().send(new DescribeTimeToLiveCommand({ TableName: indexed }));

  const arn = `arn:aws:dynamodb:us-east-1:123456789012:table/${indexed}`;
  expect(described.Table).toMatchObject({ TableArn: arn, TableStatus: 'ACTIVE' });
  expect(described.Table?.GlobalSecondaryIndexes?.[0]?.IndexArn).toBe(`${arn}/index/by-parent`);
  expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAtSeconds' });
});

test('a table may be named by its ARN', async () => {
  const client = table();
  await client.send(new PutCommand({ TableName: plain, Item: { pk: 'by-arn', sk: '-' } }));

  const { Item } = await client.send(
    new GetCommand({ TableName: `arn:aws:dynamodb:us-east-1:123456789012:table/${plain}`, Key: { pk: 'by-arn', sk: '-' } }),
  );

  expect(Item).toEqual({ pk: 'by-arn', sk: '-' });
});

test('CDK’s TableV2 is a table with one replica', async () => {
  const { ref } = await aws.create('AWS::DynamoDB::GlobalTable', 'Global', { ...KEYS, Replicas: [{ Region: 'us-east-1' }] });

  await expect(table().send(new PutCommand({ TableName: ref, Item: { pk: 'a', sk: 'b' } }))).resolves.toBeDefined();
  await expect(aws.create('AWS::DynamoDB::GlobalTable', 'Far', { ...KEYS, Replicas: [{ Region: 'eu-west-1' }] })).rejects.toThrow(
    'the only replica must be in us-east-1',
  );
});

describe('what a role may do', () => {
  const arnOf = (name: string) => `arn:aws:dynamodb:us-east-1:123456789012:table/${name}`;
  const ofGroups = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'group#*' } };

  test('the items that its policy names by their partition key, whatever the operation', async () => {
    const { keys } = await aws.createFunctionRole('OfGroups', [
      { Effect: 'Allow', Action: 'dynamodb:*', Resource: [arnOf(plain), arnOf(indexed), `${arnOf(indexed)}/index/*`], Condition: ofGroups },
    ]);
    const client = table(keys);
    const operations: Record<string, (pk: string) => Promise<unknown>> = {
      put: (pk) => client.send(new PutCommand({ TableName: plain, Item: { pk, sk: '-' } })),
      get: (pk) => client.send(new GetCommand({ TableName: plain, Key: { pk, sk: '-' } })),
      update: (pk) => client.send(new UpdateCommand({ TableName: plain, Key: { pk, sk: '-' }, UpdateExpression: 'REMOVE a' })),
      delete: (pk) => client.send(new DeleteCommand({ TableName: plain, Key: { pk, sk: '-' } })),
      query: (pk) =>
        client.send(
          new QueryCommand({
            TableName: plain,
            KeyConditionExpression: 'begins_with(sk, :sk) AND #pk = :pk',
            ExpressionAttributeNames: { '#pk': 'pk' },
            ExpressionAttributeValues: { ':pk': pk, ':sk': 'a' },
          }),
        ),
      index: (pk) =>
        client.send(
          new QueryCommand({
            TableName: indexed,
            IndexName: 'by-parent',
            KeyConditionExpression: 'parent = :parent',
            ExpressionAttributeValues: { ':parent': pk },
          }),
        ),
      batchGet: (pk) => client.send(new BatchGetCommand({ RequestItems: { [plain]: { Keys: [{ pk, sk: '-' }] } } })),
      batchWrite: (pk) =>
        client.send(
          new BatchWriteCommand({
            RequestItems: { [plain]: [{ DeleteRequest: { Key: { pk: 'group#a', sk: '-' } } }, { PutRequest: { Item: { pk, sk: '-' } } }] },
          }),
        ),
    };

    for (const operate of Object.values(operations)) {
      await expect(operate('group#b')).resolves.toBeDefined();
      await expect(operate('connector')).rejects.toMatchObject({ name: 'AccessDeniedException' });
    }
  });

  test('the actions of its policy on the tables of its policy', async () => {
    const { keys } = await aws.createFunctionRole('Getter', [{ Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: arnOf(plain) }]);
    const client = table(keys);

    await expect(client.send(new GetCommand({ TableName: plain, Key: { pk: 'a', sk: 'b' } }))).resolves.toBeDefined();
    await expect(client.send(new PutCommand({ TableName: plain, Item: { pk: 'a', sk: 'b' } }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 400 },
      message: expect.stringContaining('because no identity-based policy allows the dynamodb:PutItem action'),
    });
    await expect(client.send(new GetCommand({ TableName: indexed, Key: { pk: 'a', sk: 'b' } }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  test('an index only with the index’s own ARN', async () => {
    const statement = (resource: string) => [{ Effect: 'Allow', Action: 'dynamodb:Query', Resource: resource }];
    const ofTable = await aws.createFunctionRole('OfTable', statement(arnOf(indexed)));
    const ofIndex = await aws.createFunctionRole('OfIndex', statement(`${arnOf(indexed)}/index/*`));
    const query = new QueryCommand({
      TableName: indexed,
      IndexName: 'by-parent',
      KeyConditionExpression: 'parent = :parent',
      ExpressionAttributeValues: { ':parent': 'portal' },
    });

    await expect(table(ofTable.keys).send(query)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(table(ofIndex.keys).send(query)).resolves.toBeDefined();
  });

  test('every table of a batch', async () => {
    const { keys } = await aws.createFunctionRole('Batch', [{ Effect: 'Allow', Action: 'dynamodb:BatchGetItem', Resource: arnOf(plain) }]);
    const keysOf = { Keys: [{ pk: 'a', sk: 'b' }] };

    const one = await table(keys).send(new BatchGetCommand({ RequestItems: { [plain]: keysOf } }));
    const both = table(keys).send(new BatchGetCommand({ RequestItems: { [plain]: keysOf, [indexed]: keysOf } }));

    expect(one.Responses).toEqual({ [plain]: [] });
    await expect(both).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('what is metered', () => {
  test('half a unit for a read, one for a consistent read, one for a write, by table', async () => {
    const client = table();
    const Key = { pk: 'metered', sk: '-' };
    await client.send(new PutCommand({ TableName: plain, Item: Key }));
    await client.send(new GetCommand({ TableName: plain, Key }));
    const answer = await client.send(new GetCommand({ TableName: plain, Key, ConsistentRead: true }));

    const { totals, lines } = aws.meter.snapshot();

    expect(totals).toMatchObject({ 'read-units': 1.5, 'write-units': 1, 'table-calls': 3 });
    expect(lines).toContainEqual({ unit: 'table-calls', labels: { table: plain, action: 'GetItem' }, amount: 2 });
    expect(answer.ConsumedCapacity).toBeUndefined();
  });

  test('a query that finds nothing costs what the smallest read does', async () => {
    const query = { TableName: plain, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': 'nobody' } };

    await table().send(new QueryCommand(query));
    await table().send(new QueryCommand({ ...query, ConsistentRead: true }));

    expect(aws.meter.snapshot().totals['read-units']).toBe(1.5);
  });

  test('who asks for the consumed capacity is told', async () => {
    const answer = await table().send(new ScanCommand({ TableName: plain, ReturnConsumedCapacity: 'TOTAL' }));

    expect(answer.ConsumedCapacity).toMatchObject({ TableName: plain });
  });

  test('a put into an index costs one more', async () => {
    await table().send(new PutCommand({ TableName: indexed, Item: { pk: 'i', sk: '-', parent: 'p' } }));
    const withEntry = aws.meter.snapshot().totals['write-units'];
    await table().send(new PutCommand({ TableName: indexed, Item: { pk: 'j', sk: '-' } }));
    const without = aws.meter.snapshot().totals['write-units'] - withEntry;

    expect([withEntry, without]).toEqual([2, 1]);
  });

  test('a failed condition costs a write', async () => {
    const put = new PutCommand({ TableName: plain, Item: { pk: 'none', sk: '-' }, ConditionExpression: 'attribute_exists(pk)' });

    await table()
      .send(put)
      .catch(() => {});

    expect(aws.meter.snapshot().totals['write-units']).toBe(1);
  });
});

test('a share of calls is throttled when asked for', async () => {
  aws.faults.set({ 'throttle-tables': 0.2 });
  draws.push(0.1, 0.3);
  const get = () => table().send(new GetCommand({ TableName: plain, Key: { pk: 'a', sk: 'b' } }));

  const first = get();
  await expect(first).rejects.toMatchObject({ name: 'ProvisionedThroughputExceededException' });
  await expect(get()).resolves.toBeDefined();
});

test('unknown tables, items without keys and operations that are not simulated are refused', async () => {
  await expect(table().send(new GetCommand({ TableName: 'nowhere', Key: { pk: 'a', sk: 'b' } }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  await expect(aws.tables().send(new PutItemCommand({ TableName: plain, Item: { pk: { S: 'a' } } }))).rejects.toMatchObject({
    name: 'ValidationException',
  });
  await expect(
    aws
      .tables()
      .send(new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName: plain, Item: { pk: { S: 'a' }, sk: { S: 'b' } } } }] })),
  ).rejects.toMatchObject({ name: 'UnknownOperationException' });
  await expect(aws.tables().send(new CreateTableCommand({ TableName: 'mine', ...KEYS } as never))).rejects.toMatchObject({
    name: 'UnknownOperationException',
  });
});

test('an item over 400 KB is refused', async () => {
  const Item = { pk: 'large', sk: '-', text: 'x'.repeat(400 * 1024) };

  await expect(table().send(new PutCommand({ TableName: plain, Item }))).rejects.toMatchObject({ name: 'ValidationException' });
});

test('a table under a customer managed key is read and written by who may use the key too, through DynamoDB', async () => {
  const key = 'arn:aws:kms:us-east-1:123456789012:key/mine';
  const SSESpecification = { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: key };
  const { ref: TableName, attributes } = await aws.create('AWS::DynamoDB::Table', 'Keyed', { ...KEYS, SSESpecification });
  const items = { Effect: 'Allow', Action: ['dynamodb:GetItem', 'dynamodb:PutItem'], Resource: attributes?.Arn };
  const use = (...Action: string[]) => ({
    ...{ Effect: 'Allow', Action, Resource: key },
    Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' } },
  });
  const of = async (name: string, ...more: object[]) => aws.tables((await aws.createFunctionRole(name, [items, ...more])).keys);
  const [without, reader, writer] = [
    await of('WithoutKey'),
    await of('KeyReader', use('kms:Decrypt')),
    await of('KeyWriter', use('kms:Decrypt', 'kms:GenerateDataKey')),
  ];
  const [pk, sk] = [{ S: 'a' }, { S: 'b' }];

  await writer.send(new PutItemCommand({ TableName, Item: { pk, sk } }));
  expect((await reader.send(new GetItemCommand({ TableName, Key: { pk, sk } }))).Item).toEqual({ pk, sk });

  const refusals = await Promise.allSettled([
    without.send(new GetItemCommand({ TableName, Key: { pk, sk } })),
    reader.send(new PutItemCommand({ TableName, Item: { pk, sk } })),
  ]);
  expect(refusals).toEqual(
    ['Decrypt', 'GenerateDataKey'].map((action) => ({
      status: 'rejected',
      reason: expect.objectContaining({
        name: 'AccessDeniedException',
        message: expect.stringContaining(`kms:${action} on resource: ${key}`),
      }),
    })),
  );
});
