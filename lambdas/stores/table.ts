// One DynamoDB table as the stores use it: single-item operations, queries and scans over `pk` and `sk`.
// Every failure leaves as a SallyportError that names the table. No transactions, no batches: each write stands alone.
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { type ErrorCode, SallyportError } from '../../protocol/errors.ts';

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

export type Item = Readonly<Record<string, unknown>>;

/** A condition or an update in DynamoDB's expression language. */
export interface Expression {
  readonly condition?: string;
  readonly update?: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
}

export interface Table {
  readonly name: string;
  /** Read strongly: what was written before this call is seen. */
  get(key: Key): Promise<Item | null>;
  /** False when the condition did not hold. */
  put(item: Key & Item, expression?: Expression): Promise<boolean>;
  /** False when the condition did not hold. */
  update(key: Key, expression: Expression): Promise<boolean>;
  /** Counts one more in the item, which is there until this time, and answers the count. */
  add(key: Key, expiresAtSeconds: number): Promise<number>;
  /** Deletes the item and answers what it held; null when there was none. Of callers that race, one gets it. */
  take(key: Key): Promise<Item | null>;
  /** Every item of a partition, read strongly; with `prefix`, those whose `sk` begins with it. */
  query(pk: string, prefix?: string): Promise<Item[]>;
  /** Keys of an index' partition. An index lags behind its table. */
  queryIndex(index: string, attribute: string, value: string): Promise<Item[]>;
  scan(): Promise<Item[]>;
}

export const createTable = (client: DynamoDBDocumentClient, name: string): Table => {
  const queryAll = (input: Omit<QueryCommandInput, 'TableName'>) =>
    everyPage((start) => client.send(new QueryCommand({ TableName: name, ...input, ExclusiveStartKey: start })));

  return {
    name,
    get: (key) =>
      guarded(name, async () => (await client.send(new GetCommand({ TableName: name, Key: key, ConsistentRead: true }))).Item ?? null),
    put: (item, expression = {}) =>
      conditional(name, () => client.send(new PutCommand({ TableName: name, Item: item, ...inAws(expression) }))),
    update: (key, expression) =>
      conditional(name, () => client.send(new UpdateCommand({ TableName: name, Key: key, ...inAws(expression) }))),
    add: (key, expiresAtSeconds) =>
      guarded(name, async () => {
        const { Attributes } = await client.send(
          new UpdateCommand({
            TableName: name,
            Key: key,
            UpdateExpression: 'ADD #count :one SET expiresAtSeconds = :end',
            ExpressionAttributeNames: { '#count': 'count' },
            ExpressionAttributeValues: { ':one': 1, ':end': expiresAtSeconds },
            ReturnValues: 'UPDATED_NEW',
          }),
        );
        return Number(Attributes?.count);
      }),
    take: async (key) => {
      let taken: Item | null = null;
      await conditional(name, async () => {
        const answer = await client.send(
          new DeleteCommand({ TableName: name, Key: key, ConditionExpression: 'attribute_exists(pk)', ReturnValues: 'ALL_OLD' }),
        );
        taken = answer.Attributes ?? null;
      });
      return taken;
    },
    query: (pk, prefix = '') =>
      guarded(name, () =>
        queryAll({
          KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: prefix === '' ? { ':pk': pk } : { ':pk': pk, ':prefix': prefix },
          ConsistentRead: true,
        }),
      ),
    queryIndex: (index, attribute, value) =>
      guarded(name, () =>
        queryAll({
          IndexName: index,
          KeyConditionExpression: '#attribute = :value',
          ExpressionAttributeNames: { '#attribute': attribute },
          ExpressionAttributeValues: { ':value': value },
        }),
      ),
    scan: () =>
      guarded(name, () =>
        everyPage((start) => client.send(new ScanCommand({ TableName: name, ConsistentRead: true, ExclusiveStartKey: start }))),
      ),
  };
};

const inAws = ({ condition, update, names, values }: Expression) => ({
  ConditionExpression: condition,
  UpdateExpression: update,
  ExpressionAttributeNames: names && { ...names },
  ExpressionAttributeValues: values && { ...values },
});

interface Page {
  readonly Items?: Record<string, unknown>[];
  readonly LastEvaluatedKey?: Record<string, unknown>;
}

const everyPage = async (page: (start: Record<string, unknown> | undefined) => Promise<Page>): Promise<Item[]> => {
  const items: Item[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await page(start);
    items.push(...Items);
    start = LastEvaluatedKey;
  } while (start !== undefined);
  return items;
};

const conditional = (name: string, write: () => Promise<unknown>): Promise<boolean> =>
  guarded(name, async () => {
    try {
      await write();
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  });

const guarded = async <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work();
  } catch (error) {
    throw storeError(name, error);
  }
};

/** Refusals that no repetition cures: the deployment is wrong, not the moment. */
const LASTING = new Set(['AccessDeniedException', 'ResourceNotFoundException', 'ValidationException', 'UnrecognizedClientException']);

const storeError = (name: string, error: unknown): SallyportError => {
  const told = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const lasting = error instanceof Error && LASTING.has(error.name);
  const code: ErrorCode = lasting ? 'ERR_INTERNAL' : 'ERR_STORE_UNAVAILABLE';
  const advice = lasting
    ? 'Deploy the stack again: table and permissions belong to it.'
    : 'Requests are tried again; if it lasts, look at the table’s throttling metrics.';
  return new SallyportError(code, `Table ${name} refused an operation (${told}). ${advice}`, { cause: error });
};
