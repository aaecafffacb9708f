// `dynamodb:LeadingKeys`: the partition keys that a request reads or writes, by which a policy confines a role to some of a table's
// items ("Using IAM policy conditions for fine-grained access control", DynamoDB Developer Guide).
import { isRecord } from '../iam/conditions.ts';
import type { TableDescription } from './tables.ts';

type Input = Readonly<Record<string, unknown>>;

/** Empty for a request that names none, such as Scan: "ForAllValues" holds for it. */
export const leadingKeys = (action: string, input: Input, table: TableDescription): readonly string[] => {
  const [partition = ''] = table.keys;
  const of = (key: unknown) => valuesOf(isRecord(key) ? key[partition] : undefined);
  switch (action) {
    case 'GetItem':
    case 'UpdateItem':
    case 'DeleteItem':
      return of(input.Key);
    case 'PutItem':
      return of(input.Item);
    case 'Query': {
      const index = table.globalIndexes.find(({ name }) => name === input.IndexName);
      return queried(input, index?.keys[0] ?? partition);
    }
    case 'BatchGetItem':
    case 'BatchWriteItem':
      return requestsFor(input, table.name).flatMap((request) =>
        isRecord(request.PutRequest)
          ? of(request.PutRequest.Item)
          : of(isRecord(request.DeleteRequest) ? request.DeleteRequest.Key : request),
      );
    default:
      return [];
  }
};

/** An attribute value has one member, named after its type. */
const valuesOf = (value: unknown): readonly string[] => (isRecord(value) ? Object.values(value).map(String) : []);

/** "You must specify the partition key name and value as an equality condition" (Query, API Reference). */
const queried = (input: Input, partition: string): readonly string[] => {
  const names = isRecord(input.ExpressionAttributeNames) ? input.ExpressionAttributeNames : {};
  const values = isRecord(input.ExpressionAttributeValues) ? input.ExpressionAttributeValues : {};
  for (const [, name = '', placeholder = ''] of String(input.KeyConditionExpression ?? '').matchAll(/([#\w.-]+)\s*=\s*(:\w+)/g)) {
    if ((names[name] ?? name) === partition) return valuesOf(values[placeholder]);
  }
  const legacy = isRecord(input.KeyConditions) ? input.KeyConditions[partition] : undefined;
  return isRecord(legacy) && Array.isArray(legacy.AttributeValueList) ? legacy.AttributeValueList.flatMap(valuesOf) : [];
};

const requestsFor = ({ RequestItems: all }: Input, table: string): readonly Record<string, unknown>[] => {
  const requests = isRecord(all) ? all[table] : undefined;
  const list = isRecord(requests) ? requests.Keys : requests;
  return Array.isArray(list) ? list.filter(isRecord) : [];
};
