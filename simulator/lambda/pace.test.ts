import { expect, test } from '@jest/globals';
import type { Clock } from '../services.ts';
import { pace } from './pace.ts';

/** A clock on which every wait is over at once, and counts. */
const createHastyClock = (): Clock => {
  let now = 0;
  return {
    now: () => now,
    after: (ms, callback) => {
      now += ms;
      callback();
      return () => {};
    },
  };
};

test('the burst passes at once, what follows at the rate', async () => {
  const clock = createHastyClock();
  const arrivedAt: number[] = [];
  const source = (async function* () {
    for (let index = 0; index < 5; index += 1) yield Buffer.alloc(100);
  })();

  for await (const _chunk of pace(source, { burstBytes: 200, bytesPerSecond: 100, clock })) arrivedAt.push(clock.now());

  expect(arrivedAt).toEqual([0, 0, 0, 1000, 2000]);
});
