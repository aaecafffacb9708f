import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { frameCost, ReceiveWindow, SendWindow } from './flow.ts';
import { FRAME_MIN_COST_BYTES } from './limits.ts';
import { Outbox } from './outbox.ts';

test('a closed window opens when the peer grants more, and not for an older limit', async () => {
  const window = new SendWindow(2000);
  window.spend(2000);
  let opened = false;
  const waiting = window.whenOpen().then(() => {
    opened = true;
  });

  window.grant(1500);
  await Promise.resolve();
  const afterOlder = opened;
  window.grant(4000);
  await waiting;

  expect(afterOlder).toBe(false);
  expect(opened).toBe(true);
});

test('sender and receiver never deadlock and never have more than a window and a frame on the way', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 300 });

  fc.assert(
    fc.property(sizes, fc.integer({ min: 4000, max: 20_000 }), (payloads, size) => {
      const sender = new SendWindow(size);
      const receiver = new ReceiveWindow(size);
      const onTheWay: number[] = [];
      let outstanding = 0;

      for (const payload of payloads) {
        while (!sender.open) {
          const arrived = onTheWay.shift();
          expect(arrived).toBeDefined();
          outstanding -= frameCost(arrived!);
          const limit = receiver.consume(arrived!);
          if (limit !== null) sender.grant(limit);
        }
        sender.spend(payload);
        onTheWay.push(payload);
        outstanding += frameCost(payload);
        expect(outstanding).toBeLessThanOrEqual(size + 3000);
      }
    }),
  );
});

test('credit is told about twice a window, not for each frame', () => {
  const receiver = new ReceiveWindow(100 * FRAME_MIN_COST_BYTES);

  const grants = Array.from({ length: 1000 }, () => receiver.consume(1)).filter((limit) => limit !== null);

  expect(grants).toHaveLength(20);
});

test('an outbox gives again what was not acknowledged, and says so when it no longer can', () => {
  const outbox = new Outbox();
  for (const text of ['zero', 'one', 'two', 'three']) outbox.keep(text);

  outbox.acknowledge(2);
  outbox.acknowledge(1);

  expect(outbox.since(2)).toEqual(['two', 'three']);
  expect(outbox.since(4)).toEqual([]);
  expect(outbox.since(1)).toBeNull();
  expect(outbox).toMatchObject({ next: 4, size: 'twothree'.length });
});
