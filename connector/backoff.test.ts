import { expect, test } from '@jest/globals';
import { Backoff } from './backoff.ts';

test('waits are spread evenly below a ceiling that doubles', () => {
  const chances = [0, 0.5, 0.999, 0.5];
  const backoff = new Backoff({ baseMs: 1000, capMs: 60_000, random: () => chances.shift()! });

  expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([0, 1000, 3996, 4000]);
});

test('the ceiling is never passed, however many attempts there were', () => {
  const backoff = new Backoff({ baseMs: 1000, capMs: 60_000, random: () => 0.999999 });

  const waits = Array.from({ length: 2000 }, () => backoff.next());

  expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
  backoff.reset();
  expect(backoff.next()).toBeLessThan(1000);
});
