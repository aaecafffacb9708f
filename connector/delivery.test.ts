import { expect, test } from '@jest/globals';
import { RESUME_MS } from '../protocol/limits.ts';
import { createLog } from '../protocol/log.ts';
import { type Attempt, createPost } from './delivery.ts';
import { ManualClock, settled } from './testing/manual-clock.ts';

const start = (...attempts: Attempt[]) => {
  const clock = new ManualClock();
  const bench = { clock, sends: 0, refusals: 0, wanted: true, result: null as string | null };
  const post = createPost({
    send: async () => attempts[Math.min(bench.sends++, attempts.length - 1)]!,
    clock,
    random: () => 0.5,
    log: createLog({ write: () => {} }),
    onRefused: () => {
      bench.refusals += 1;
    },
    count: () => {},
  });
  void post('frame', 'router-1', () => bench.wanted).then((result) => {
    bench.result = result;
  });
  return bench;
};

test.each<[Attempt, string]>([
  ['delivered', 'delivered'],
  ['gone', 'gone'],
  ['invalid', 'failed'],
])('%s is final: %s', async (attempt, result) => {
  const bench = start(attempt);

  await settled();

  expect(bench).toMatchObject({ sends: 1, result });
});

test('throttling and faults are tried again until it works', async () => {
  const bench = start('busy', 'busy', 'busy', 'delivered');

  await bench.clock.pass(1_000);

  expect(bench).toMatchObject({ sends: 4, result: 'delivered' });
});

test('is given up when no exchange could be resumed any more', async () => {
  const bench = start('busy');

  await bench.clock.pass(RESUME_MS);

  expect(bench.result).toBe('failed');
  expect(bench.sends).toBeGreaterThan(20);
  expect(bench.clock.pending).toBe(0);
});

test('is given up when nobody wants the frame any more', async () => {
  const bench = start('busy');
  await settled();

  bench.wanted = false;
  await bench.clock.pass(1_000);

  expect(bench).toMatchObject({ sends: 2, result: 'failed' });
});

test('refused credentials are told, and the frame waits for fresh ones', async () => {
  const bench = start('refused', 'delivered');

  await bench.clock.pass(1_000);

  expect(bench).toMatchObject({ sends: 2, refusals: 1, result: 'delivered' });
});
