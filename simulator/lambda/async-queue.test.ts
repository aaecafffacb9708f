import { expect, test } from '@jest/globals';
import { createManualClock } from '../clock.ts';
import { AwsError, type InvokeResult } from '../services.ts';
import { createAsyncQueue } from './async-queue.ts';

const FAILED: InvokeResult = { payload: '{}', functionError: 'Unhandled' };

const openQueue = (results: readonly (InvokeResult | Error)[]) => {
  const clock = createManualClock(0);
  const attemptedAt: number[] = [];
  const invoke = async (): Promise<InvokeResult> => {
    const result = results[Math.min(attemptedAt.length, results.length - 1)]!;
    attemptedAt.push(clock.now());
    if (result instanceof Error) throw result;
    return result;
  };
  return { clock, attemptedAt, queue: createAsyncQueue({ clock, invoke }) };
};

test('an event whose function fails comes again after one and after two more minutes, then no more', async () => {
  const { queue, clock, attemptedAt } = openQueue([FAILED]);

  queue.add('f', {});
  await clock.advance(3_600_000);

  expect(attemptedAt).toEqual([0, 60_000, 180_000]);
});

test('an event whose function succeeds comes once', async () => {
  const { queue, clock, attemptedAt } = openQueue([{ payload: 'null' }]);

  queue.add('f', {});
  await clock.advance(3_600_000);

  expect(attemptedAt).toEqual([0]);
});

test('a throttled event comes again after a second, then less and less often, and is given up after six hours', async () => {
  const { queue, clock, attemptedAt } = openQueue([new AwsError(429, 'TooManyRequestsException', 'Rate Exceeded.')]);

  queue.add('f', {});
  await clock.advance(24 * 3_600_000);

  expect(attemptedAt.slice(0, 4)).toEqual([0, 1000, 3000, 7000]);
  expect(attemptedAt.at(-1)).toBeLessThanOrEqual(6 * 3_600_000);
  expect(attemptedAt.at(-1)).toBeGreaterThan(6 * 3_600_000 - 300_001);
});

test('the function’s own configuration wins', async () => {
  const { queue, clock, attemptedAt } = openQueue([FAILED]);
  queue.configure('f', { retries: 0, maxAgeMs: 60_000 });

  queue.add('f', {});
  await clock.advance(3_600_000);

  expect(attemptedAt).toEqual([0]);
});

test('nothing comes after the end', async () => {
  const { queue, clock, attemptedAt } = openQueue([FAILED]);
  queue.add('f', {});

  queue.dispose();
  await clock.advance(3_600_000);

  expect(attemptedAt).toEqual([]);
});
