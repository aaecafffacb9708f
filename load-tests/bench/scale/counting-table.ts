// A table in memory that counts what a DynamoDB table would be asked: calls, by pages of a megabyte, and the bytes of what is read.
import type { Item, Key, Table } from '../../../lambdas/stores/table.ts';

const PAGE_BYTES = 1024 * 1024;

export interface Counted {
  readonly calls: number;
  readonly bytes: number;
}

export interface CountingTable extends Table {
  counted(): Counted;
}

export const createCountingTable = (name: string): CountingTable => {
  const partitions = new Map<string, Map<string, Item>>();
  let calls = 0;
  let bytes = 0;

  const partition = (pk: string): Map<string, Item> => {
    const found = partitions.get(pk) ?? new Map<string, Item>();
    partitions.set(pk, found);
    return found;
  };
  const read = (items: Item[]): Item[] => {
    const size = items.reduce((sum, item) => sum + Buffer.byteLength(JSON.stringify(item)), 0);
    calls += Math.max(1, Math.ceil(size / PAGE_BYTES));
    bytes += size;
    return items;
  };
  const write = <Result>(result: Result): Result => {
    calls += 1;
    return result;
  };
  const unexpected = (operation: string) => async (): Promise<never> => {
    throw new Error(`An exchange is not expected to ${operation} in table ${name}.`);
  };

  return {
    name,
    counted: () => ({ calls, bytes }),
    get: async ({ pk, sk }: Key) => {
      const item = partitions.get(pk)?.get(sk) ?? null;
      read(item === null ? [] : [item]);
      return item;
    },
    query: async (pk, prefix = '') => read([...(partitions.get(pk)?.values() ?? [])].filter(({ sk }) => String(sk).startsWith(prefix))),
    scan: async () => read([...partitions.values()].flatMap((items) => [...items.values()])),
    put: async (item) => {
      partition(item.pk).set(item.sk, item);
      return write(true);
    },
    take: async ({ pk, sk }) => {
      const item = partitions.get(pk)?.get(sk) ?? null;
      partitions.get(pk)?.delete(sk);
      return write(item);
    },
    update: unexpected('update'),
    add: unexpected('count'),
    queryIndex: unexpected('query an index'),
  };
};
