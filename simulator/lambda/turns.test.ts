import { expect, test } from '@jest/globals';
import { createTurns } from './turns.ts';

test('as many as there are places at once, the others in the order in which they came', async () => {
  const take = createTurns(2);
  const order: string[] = [];
  const turn = async (name: string) => {
    const free = await take();
    order.push(name);
    return free;
  };

  const [freeA] = await Promise.all([turn('a'), turn('b')]);
  const c = turn('c');
  const d = turn('d');
  await Promise.resolve();
  expect(order).toEqual(['a', 'b']);

  freeA!();
  freeA!();
  const freeC = await c;
  expect(order).toEqual(['a', 'b', 'c']);

  freeC();
  await d;
  expect(order).toEqual(['a', 'b', 'c', 'd']);
});
