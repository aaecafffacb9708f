import { expect, test } from '@jest/globals';
import { watchCores } from './cores.ts';

test('cores are busy when next to nothing of the last stretch was idle, and have time to spare again after one that was', () => {
  let now = 0;
  let times = { idle: 0, all: 0 };
  const hasCores = watchCores(
    () => now,
    () => times,
  );
  const pass = (ms: number, idle: number) => {
    now += ms;
    times = { idle: times.idle + idle, all: times.all + 2 * ms };
    return hasCores();
  };

  expect([pass(100, 100), pass(100, 5), pass(10, 20), pass(100, 0), pass(100, 200), pass(50, 0)]).toEqual([
    true,
    false,
    // Too short to say.
    false,
    false,
    true,
    true,
  ]);
});

test('this machine is asked where nobody says otherwise', () => {
  let now = 0;
  const hasCores = watchCores(() => now);
  now += 1_000;

  expect(typeof hasCores()).toBe('boolean');
});
