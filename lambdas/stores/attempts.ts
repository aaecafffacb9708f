// Counters of attempts, in the registry's table: `limit#<what>`. Each lives for its window; DynamoDB removes it some time after.
import { expiresAtSeconds } from './sessions.ts';
import type { Table } from './table.ts';

/** Counts one more and answers how many there were with it. `what` names kind, source and window. Throws ERR_STORE_UNAVAILABLE. */
export type CountAttempt = (what: string, windowEndsAt: number) => Promise<number>;

export const createAttempts =
  ({ table }: { readonly table: Pick<Table, 'add'> }): CountAttempt =>
  (what, windowEndsAt) =>
    table.add({ pk: `limit#${what}`, sk: '-' }, expiresAtSeconds(windowEndsAt));
