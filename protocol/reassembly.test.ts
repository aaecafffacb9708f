import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Reassembly } from './reassembly.ts';

test('any order with any duplicates comes out in order and once', () => {
  const deliveries = fc.integer({ min: 1, max: 60 }).chain((count) =>
    fc.tuple(
      fc.constant(count),
      fc.array(fc.nat(count - 1)),
      fc.nat().map((seed) => seed + 1),
    ),
  );

  fc.assert(
    fc.property(deliveries, ([count, duplicates, seed]) => {
      const numbers = Array.from({ length: count }, (_, n) => n);
      const shuffled = [...numbers, ...duplicates].sort((a, b) => ((a * seed) % 101) - ((b * seed) % 101));
      const reassembly = new Reassembly<number>();

      const out = shuffled.flatMap((n) => reassembly.accept(n, n, 10));

      expect(out).toEqual(numbers);
      expect(reassembly).toMatchObject({ received: count, held: 0 });
    }),
  );
});

test('holds no more frames and no more bytes than its bounds', () => {
  const few = new Reassembly<string>({ frames: 4, bytes: 1000 });
  const small = new Reassembly<string>({ frames: 100, bytes: 100 });

  few.accept(3, 'd', 1);
  small.accept(1, 'b', 60);

  expect(() => few.accept(4, 'e', 1)).toThrow(expect.objectContaining({ code: 'ERR_FRAME_OVERFLOW' }));
  expect(() => small.accept(2, 'c', 60)).toThrow(expect.objectContaining({ code: 'ERR_FRAME_OVERFLOW' }));
});

test('bytes that were given out no longer count', () => {
  const reassembly = new Reassembly<string>({ frames: 100, bytes: 100 });

  reassembly.accept(1, 'b', 90);
  const ready = reassembly.accept(0, 'a', 90);
  reassembly.accept(3, 'd', 90);

  expect(ready).toEqual(['a', 'b']);
  expect(reassembly.held).toBe(1);
});
