import { expect, test } from '@jest/globals';
import { withResolvers } from '../clock.ts';
import { ManualClock, settled } from '../testing/manual-clock.ts';
import { NoSlot, Slots } from './slots.ts';

const create = () => {
  const clock = new ManualClock();
  return { clock, slots: new Slots({ limit: 2, deadlineMs: 1_000, after: (ms, callback) => clock.after(ms, callback) }) };
};
/** A call that ends when the test says so. */
const call = () => {
  const { promise, resolve } = withResolvers<string>();
  return { begun: false, end: resolve, run: () => promise };
};

test('so many calls run at once; the next one begins when one ends', async () => {
  const { slots } = create();
  const calls = [call(), call(), call()];
  const begun: number[] = [];

  const results = calls.map(({ run }, index) =>
    slots.run(() => {
      begun.push(index);
      return run();
    }),
  );
  await settled();
  const before = [...begun];
  calls[1]!.end('second');
  await settled();
  for (const { end } of calls) end('done');

  expect(before).toEqual([0, 1]);
  expect(begun).toEqual([0, 1, 2]);
  expect(await Promise.all(results)).toEqual(['done', 'second', 'done']);
});

test('whoever waits too long is refused and leaves the queue', async () => {
  const { clock, slots } = create();
  const [first, second, third] = [call(), call(), call()];
  void slots.run(first.run);
  void slots.run(second.run);

  const refused = slots.run(third.run);
  refused.catch(() => {});
  await settled();
  await clock.pass(1_000);

  await expect(refused).rejects.toBeInstanceOf(NoSlot);
});

test('while every slot holds a stuck call, others are refused at once; when one ends there is room again', async () => {
  const { clock, slots } = create();
  const [first, second] = [call(), call()];
  const stuck = [slots.run(first.run), slots.run(second.run)];
  await settled();
  await clock.pass(1_000);

  const refused = slots.run(async () => 'never');

  await expect(refused).rejects.toBeInstanceOf(NoSlot);
  first.end('late');
  expect(await stuck[0]).toBe('late');
  expect(await slots.run(async () => 'room')).toBe('room');
});

test('a call that fails gives its slot back', async () => {
  const { slots } = create();

  for (let round = 0; round < 5; round += 1) await expect(slots.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');

  expect(await slots.run(async () => 'room')).toBe('room');
});
