// Request units of a call, for the meter ("DynamoDB read and write operations", DynamoDB Developer Guide).
import { isRecord } from '../iam/conditions.ts';
import type { TableDescription } from './tables.ts';

const READS = ['GetItem', 'BatchGetItem', 'Query', 'Scan'];
const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'];

export const isRead = (action: string) => READS.includes(action);
export const isWrite = (action: string) => WRITES.includes(action);

/** Units by table from what dynalite says it consumed. */
export const consumed = (answer: Readonly<Record<string, unknown>>): Map<string, number> => {
  const entries = [answer.ConsumedCapacity].flat();
  return new Map(
    entries.flatMap((entry) => (isRecord(entry) ? [[String(entry.TableName), Number(entry.CapacityUnits ?? 0)] as const] : [])),
  );
};

/**
 * What a read of nothing costs: as much as the smallest ("Capacity unit consumption for reads", DynamoDB Developer Guide, of items that do not
 * exist). Unverified on AWS: that this holds for a query as well.
 */
export const emptyReadUnits = (consistent: unknown): number => (consistent === true ? 1 : 0.5);

/**
 * What a write costs in the table's indexes, which dynalite does not count. A put touches the indexes whose keys its item has.
 * Differs from AWS: update and delete are taken to touch every index, and a moved index entry costs one write instead of two.
 */
export const indexUnits = (table: TableDescription, tableUnits: number, item: unknown): number => {
  const touched = table.globalIndexes.filter(({ keys }) => !isRecord(item) || keys.every((key) => key in item));
  return touched.reduce((sum, { projectsAll }) => sum + (projectsAll ? tableUnits : 1), 0);
};
