import { expect, test } from '@jest/globals';
import { closedLoop } from './load.ts';

test('so many requests are asked as were wanted, by so many users at once', async () => {
  let running = 0;
  let most = 0;

  const { count } = await closedLoop(3, 10, async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  });

  expect([count, most]).toEqual([10, 3]);
});

test('a request that fails ends it all', async () => {
  await expect(closedLoop(2, 10, async () => Promise.reject(new Error('not this one')))).rejects.toThrow('not this one');
});

test('one that somebody takes counts for nothing, and the others go on', async () => {
  const failed: unknown[] = [];
  let asked = 0;
  const act = async () => {
    asked += 1;
    if (asked % 2 === 0) throw asked;
  };

  const { count } = await closedLoop(1, 6, act, { fails: (error) => failed.push(error) });

  expect([count, failed]).toEqual([3, [2, 4, 6]]);
});

test('after its time no request begins', async () => {
  const { count } = await closedLoop(2, 10, async () => {}, { limitMs: 0 });

  expect(count).toBe(0);
});
