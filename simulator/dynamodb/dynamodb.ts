// DynamoDB: dynalite behind a front that asks IAM, meters request units, and throttles when told to. No transactions.
import type { Log } from '../../protocol/log.ts';
import { arn } from '../account.ts';
import { type AwsCall, type AwsService, jsonProtocol } from '../aws-protocols.ts';
import { isRecord } from '../iam/conditions.ts';
import { useKey } from '../iam/use-key.ts';
import { AwsError, type Clock, type Faults, type Iam, type Meter, type ResourceTypes } from '../services.ts';
import { consumed, emptyReadUnits, indexUnits, isRead, isWrite } from './capacity.ts';
import { leadingKeys } from './leading-keys.ts';
import { type Store, startStore } from './store.ts';
import { type TableDescription, tableTypes } from './tables.ts';
import { startTimeToLive } from './time-to-live.ts';

export interface DynamodbDependencies {
  readonly iam: Pick<Iam, 'authorize'>;
  readonly meter: Meter;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

export interface Dynamodb {
  readonly service: AwsService;
  readonly resources: ResourceTypes;
  dispose(): Promise<void>;
}

type Input = Readonly<Record<string, unknown>>;

const OF_ONE_TABLE = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'Scan', 'DescribeTable', 'DescribeTimeToLive'];
const OF_MANY = ['BatchGetItem', 'BatchWriteItem'];

export const startDynamodb = async ({ iam, meter, faults, clock, log, random }: DynamodbDependencies): Promise<Dynamodb> => {
  const store = await startStore();
  const tables = new Map<string, TableDescription>();
  const endTimeToLive = startTimeToLive(store, tables, clock, (error) => log.error('time-to-live.failed', { error }));

  const measure = (action: string, names: readonly string[], input: Input, answer: Input) => {
    const units = consumed(answer);
    for (const name of names) {
      const table = tables.get(name);
      const own = units.get(name) ?? 0;
      if (isRead(action)) meter.add('read-units', Math.max(own, emptyReadUnits(input.ConsistentRead)), { table: name });
      if (isWrite(action) && table) meter.add('write-units', own + indexUnits(table, own, input.Item), { table: name });
    }
  };

  const answer = async ({ action, input: given, principal }: AwsCall): Promise<object> => {
    const input = withTableNames(action, given);
    const names = tableNames(action, input);
    for (const name of names) {
      const table = tables.get(name);
      const keys = table ? leadingKeys(action, input, table) : [];
      iam.authorize(principal, `dynamodb:${action}`, resourceOf(name, input), { 'dynamodb:LeadingKeys': keys });
      if (isRead(action) || isWrite(action))
        useKey(iam, principal, { keyArn: table?.keyArn ?? null, service: 'dynamodb', writes: isWrite(action) });
    }
    for (const name of names) meter.add('table-calls', 1, { table: name, action });
    if (faults.throttleTables > 0 && random() < faults.throttleTables) {
      throw new AwsError(
        400,
        'ProvisionedThroughputExceededException',
        'The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.',
      );
    }
    if (names.some((name) => !tables.has(name))) throw new AwsError(400, 'ResourceNotFoundException', 'Requested resource not found');
    if (action === 'DescribeTimeToLive') return describeTimeToLive(tables.get(names[0] ?? ''));
    try {
      const asked =
        isRead(action) || isWrite(action) ? { ...input, ReturnConsumedCapacity: input.ReturnConsumedCapacity ?? 'TOTAL' } : input;
      const result = await store.call(action, asked);
      measure(action, names, input, result);
      if (action === 'DescribeTable') return withArns(result, tables);
      if (input.ReturnConsumedCapacity !== undefined && input.ReturnConsumedCapacity !== 'NONE') return result;
      const { ConsumedCapacity: _metered, ...rest } = result;
      return rest;
    } catch (error) {
      if (!(error instanceof AwsError) || error.code !== 'ConditionalCheckFailedException') throw error;
      // "If a ConditionExpression evaluates to false … DynamoDB still consumes write capacity from the table."
      meter.add('write-units', 1, { table: names[0] ?? '' });
      throw await withFailedItem(error, store, input, tables.get(names[0] ?? ''));
    }
  };

  return {
    service: { scope: 'dynamodb', protocol: jsonProtocol('1.0', 'com.amazonaws.dynamodb.v20120810#'), answer },
    resources: tableTypes(store, tables),
    dispose: async () => {
      endTimeToLive();
      await store.dispose();
    },
  };
};

/** Callers may name a table by its ARN; dynalite knows names only. */
const withTableNames = (action: string, input: Input): Input => {
  const short = (name: string) => name.replace(/^arn:aws:dynamodb:[^:]*:\d+:table\//, '');
  if (OF_MANY.includes(action) && isRecord(input.RequestItems)) {
    return {
      ...input,
      RequestItems: Object.fromEntries(Object.entries(input.RequestItems).map(([name, value]) => [short(name), value])),
    };
  }
  return typeof input.TableName === 'string' ? { ...input, TableName: short(input.TableName) } : input;
};

const tableNames = (action: string, input: Input): readonly string[] => {
  if (OF_ONE_TABLE.includes(action)) {
    if (typeof input.TableName === 'string' && input.TableName !== '') return [input.TableName];
    throw new AwsError(400, 'ValidationException', 'TableName is required.');
  }
  if (OF_MANY.includes(action)) {
    const names = isRecord(input.RequestItems) ? Object.keys(input.RequestItems) : [];
    if (names.length > 0) return names;
    throw new AwsError(400, 'ValidationException', 'RequestItems is required.');
  }
  throw new AwsError(
    400,
    'UnknownOperationException',
    `The simulator's DynamoDB has ${[...OF_ONE_TABLE, ...OF_MANY].join(', ')}, not ${action}; tables come from the template.`,
  );
};

/** Reading an index needs the index's own ARN ("Actions, resources, and condition keys for Amazon DynamoDB"). */
const resourceOf = (table: string, { IndexName: index }: Input): string =>
  arn('dynamodb', `table/${table}${typeof index === 'string' ? `/index/${index}` : ''}`);

const describeTimeToLive = (table: TableDescription | undefined): object => ({
  TimeToLiveDescription:
    table?.ttlAttribute == null ? { TimeToLiveStatus: 'DISABLED' } : { TimeToLiveStatus: 'ENABLED', AttributeName: table.ttlAttribute },
});

/** dynalite writes an account of its own into ARNs. */
const withArns = (result: Input, tables: ReadonlyMap<string, TableDescription>): object => {
  const { Table: table } = result;
  if (!isRecord(table)) return result;
  const known = tables.get(String(table.TableName));
  return JSON.parse(JSON.stringify(result), (key, value: unknown) => {
    if (key === 'TableArn') return known?.arn;
    if (key === 'IndexArn') return `${known?.arn}/index/${String(value).split('/index/')[1]}`;
    return value;
  });
};

/** dynalite leaves out the item that ReturnValuesOnConditionCheckFailure asks for. Differs from AWS: it is read a moment later. */
const withFailedItem = async (error: AwsError, store: Store, input: Input, table: TableDescription | undefined): Promise<AwsError> => {
  if (input.ReturnValuesOnConditionCheckFailure !== 'ALL_OLD' || !table) return error;
  const from = isRecord(input.Key) ? input.Key : isRecord(input.Item) ? input.Item : {};
  const key = Object.fromEntries(table.keys.map((name) => [name, from[name]]));
  const { Item } = await store.call('GetItem', { TableName: table.name, Key: key, ConsistentRead: true });
  return Item === undefined ? error : new AwsError(error.status, error.code, error.message, { Item });
};
