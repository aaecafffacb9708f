import { expect, test } from '@jest/globals';
import { startStore } from './store.ts';

test('the store ends only when what is under way has been answered', async () => {
  const store = await startStore();
  const calls = Array.from({ length: 20 }, () => store.call('ListTables', {}));

  await store.dispose();

  expect(await Promise.all(calls)).toEqual(calls.map(() => ({ TableNames: [] })));
});
