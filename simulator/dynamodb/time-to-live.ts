// Time to live: items are deleted long after they expired, so that code which trusts in it fails here too.
// "Using time to live (TTL)": "typically deleted within a few days of their expiration"; until then they are still answered.
import { QUOTAS } from '../quotas.ts';
import type { Clock } from '../services.ts';
import type { Item, Store } from './store.ts';
import type { TableDescription } from './tables.ts';

const SWEEP_MS = 3_600_000;

/** Deletes, hour by hour, what expired two days ago. The answer ends it. */
export const startTimeToLive = (
  store: Store,
  tables: ReadonlyMap<string, TableDescription>,
  clock: Clock,
  failed: (error: unknown) => void,
): (() => void) => {
  let cancel = () => {};
  const sweep = () => {
    Promise.all([...tables.values()].map((table) => deleteExpired(store, table, clock.now()))).catch(failed);
    cancel = clock.after(SWEEP_MS, sweep);
  };
  cancel = clock.after(SWEEP_MS, sweep);
  return () => cancel();
};

export const deleteExpired = async (store: Store, { name, keys, ttlAttribute }: TableDescription, now: number): Promise<number> => {
  if (ttlAttribute === null) return 0;
  let deleted = 0;
  let next: unknown;
  const condition = {
    ExpressionAttributeNames: { '#ttl': ttlAttribute },
    ExpressionAttributeValues: { ':limit': { N: String(Math.floor((now - QUOTAS.dynamodb.ttlDeletionMs) / 1000)) }, ':number': { S: 'N' } },
  };
  do {
    const page = await store.call('Scan', {
      TableName: name,
      ...(next === undefined ? {} : { ExclusiveStartKey: next }),
      // An attribute that is no number never expires.
      FilterExpression: 'attribute_type(#ttl, :number) AND #ttl < :limit',
      ...condition,
    });
    for (const item of (page.Items ?? []) as Item[]) {
      const key = Object.fromEntries(keys.map((attribute) => [attribute, item[attribute]]));
      await store.call('DeleteItem', { TableName: name, Key: key });
      deleted += 1;
    }
    next = page.LastEvaluatedKey;
  } while (next !== undefined);
  return deleted;
};
