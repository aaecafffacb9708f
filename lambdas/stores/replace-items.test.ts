import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { SallyportError } from '../../protocol/errors.ts';
import { type EmulatedTables, startEmulatedTables } from './emulated-table.ts';
import { replaceItems } from './replace-items.ts';
import { createTable, type Item, type Key, type Table } from './table.ts';

let emulated: EmulatedTables;
let table: Table;
let pauses: number[];

beforeAll(async () => {
  emulated = await startEmulatedTables();
});
afterAll(() => emulated.close());
beforeEach(async () => {
  pauses = [];
  table = createTable(emulated.client, await emulated.create());
});

const item = (id: string, name = id) => ({ pk: `${id}.example.com`, sk: '/', id, name });

const replace = (items: readonly (Key & Item)[], over: Partial<Table> = {}) =>
  replaceItems(items, { ...table, ...over }, async (ms) => {
    pauses.push(ms);
  });

const names = async () => (await table.scan()).map(({ name }) => String(name)).sort();
const throttled = () => Promise.reject(new SallyportError('ERR_STORE_UNAVAILABLE', 'Table t throttles.'));

/** A table that refuses to put this one, so many times. */
const refusing = (id: string, times: number) => {
  let left = times;
  return async (written: Key & Item) => {
    if (written.id === id && left > 0) {
      left -= 1;
      return throttled();
    }
    return table.put(written);
  };
};

test('a write that fails is the end of all of them: changed, new and old are as they were', async () => {
  await replace([item('changed'), item('gone'), item('same')]);

  const failed = replace([item('changed', 'other'), item('new'), item('same')], {
    take: (key) => (key.pk === 'gone.example.com' ? throttled() : table.take(key)),
  });

  await expect(failed).rejects.toMatchObject({
    code: 'ERR_STORE_UNAVAILABLE',
    message: 'Table t throttles. The applications are as they were: apply again.',
  });
  expect(await names()).toEqual(['changed', 'gone', 'same']);
});

test('a write that is still under way when another fails is taken back too', async () => {
  await replace([item('slow', 'before')]);
  let refused = () => {};
  const afterTheRefusal = new Promise<void>((resolve) => {
    refused = resolve;
  });

  const failed = replace([item('slow', 'after'), item('fast')], {
    put: async (written) => {
      if (written.id === 'fast') {
        // Let everything that follows a refusal at once have its turn first.
        setImmediate(refused);
        return throttled();
      }
      if (written.name === 'after') await afterTheRefusal;
      return table.put(written);
    },
  });

  await expect(failed).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  expect(await names()).toEqual(['before']);
});

test('taking back is tried again, ever later, until it succeeds', async () => {
  await replace([item('wiki', 'before')]);

  // Once for the new name, twice while it is taken back.
  const failed = replace([item('wiki', 'after'), item('new')], {
    put: refusing('wiki', 3),
  });

  await expect(failed).rejects.toMatchObject({ message: expect.stringContaining('are as they were') });
  expect(await names()).toEqual(['before']);
  expect(pauses).toEqual([0, 500, 1_000]);
});

test('when it cannot be taken back, that is told', async () => {
  await replace([item('wiki', 'before')]);

  const failed = replace([item('wiki', 'after'), item('new')], { put: refusing('wiki', 99) });

  await expect(failed).rejects.toMatchObject({ message: 'Table t throttles. Some applications are new, some old: apply again.' });
});

test('an item that no application can be read from is taken back as it was', async () => {
  await table.put({ pk: 'wiki.example.com', sk: '/', name: 'malformed', what: 7 });

  const failed = replace([item('wiki'), item('new')], { put: refusing('new', 1) });

  await expect(failed).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  expect(await table.scan()).toEqual([{ pk: 'wiki.example.com', sk: '/', name: 'malformed', what: 7 }]);
});

test('a table that cannot be read is not written', async () => {
  await replace([item('wiki')]);

  const failed = replace([item('new')], { scan: throttled });

  await expect(failed).rejects.toMatchObject({ message: 'Table t throttles. The applications are as they were: apply again.' });
  expect(await names()).toEqual(['wiki']);
});
