// Makes the directory's table hold exactly these items: all of them or, when a write fails, those that it held before.
// One transaction would do that for 100 items at most; here what was written is taken back.
import { isDeepStrictEqual } from 'node:util';
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import type { Item, Key, Table } from './table.ts';

type Pause = (ms: number) => Promise<unknown>;
type Writable = Pick<Table, 'put' | 'take' | 'scan'>;

/** A table that throttles now may not in a second. Together with the client's own attempts they fit into what an API waits for. */
const UNDO_PAUSES_MS = [0, 500, 1_000, 2_000, 4_000];

/** `superseded`: what was there in place of what changed. Throws what the table throws, and says what it holds then. */
export const replaceItems = async (
  items: readonly (Key & Item)[],
  table: Writable,
  pause: Pause,
): Promise<Readonly<Record<'changed' | 'superseded' | 'gone', readonly Item[]>>> => {
  const wanted = new Set(items.map(nameOf));
  const held = new Map((await scan(table)).map((item) => [nameOf(item), item]));
  const changed = items.filter((item) => !isDeepStrictEqual(held.get(nameOf(item)), item));
  const gone = [...held].filter(([name]) => !wanted.has(name)).map(([, item]) => item);
  try {
    // What is new comes before what goes: an application that moves is never away.
    await all(changed.map((item) => table.put(item)));
    await all(gone.map((item) => table.take(keyIn(item))));
  } catch (failure) {
    const undone = await undo([...changed, ...gone].map(keyIn), held, table, pause);
    throw withState(failure, undone ? 'The applications are as they were' : 'Some applications are new, some old');
  }
  const superseded = changed.map((item) => held.get(nameOf(item))).filter((item) => item !== undefined);
  return { changed, superseded, gone };
};

const scan = async (table: Writable): Promise<Item[]> => {
  try {
    return await table.scan();
  } catch (failure) {
    throw withState(failure, 'The applications are as they were');
  }
};

const withState = (failure: unknown, state: string): SallyportError => {
  const error = asSallyportError(failure);
  return new SallyportError(error.code, `${error.message} ${state}: apply again.`, { cause: error });
};

/** Waits for every write, also when one fails: none may come after that which takes it back. */
const all = async (writes: readonly Promise<unknown>[]): Promise<void> => {
  const failed = (await Promise.allSettled(writes)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
};

/** False when some of it cannot be taken back. */
const undo = async (keys: readonly Key[], held: ReadonlyMap<string, Item>, table: Writable, pause: Pause) => {
  let left = keys;
  for (const ms of UNDO_PAUSES_MS) {
    await pause(ms);
    const results = await Promise.allSettled(left.map((key) => restore(key, held.get(nameOf(key)), table)));
    left = left.filter((_, index) => results[index]?.status === 'rejected');
    if (left.length === 0) return true;
  }
  return false;
};

const restore = (key: Key, before: Item | undefined, table: Writable): Promise<unknown> =>
  before === undefined ? table.take(key) : table.put({ ...before, ...key });

const keyIn = ({ pk, sk }: Item): Key => ({ pk: String(pk), sk: String(sk) });
/** Tells two items apart. */
export const nameOf = ({ pk, sk }: { readonly pk?: unknown; readonly sk?: unknown }): string => `${String(pk)} ${String(sk)}`;
