// Budgets of scale that depend on no clock: what an exchange asks of the tables, whatever else is in them, and how a storm ends.
import { expect, test } from '@jest/globals';
import { ACCOUNT, accountLimit } from './account.ts';
import { measurePoint, type Size } from './exchanges.ts';
import { NEW_CONNECTIONS_PER_SECOND, simulateStorm } from './reconnects.ts';

const FEW: Size = { tunnels: 2, tunnelsOfGroup: 2, sessions: 2, applications: 1 };

test.each<[string, Partial<Size>]>([
  ['tunnels of other groups', { tunnels: 2_000 }],
  ['sessions', { sessions: 2_000 }],
  ['applications', { applications: 500 }],
])('many %s cost an exchange no table call and no byte', async (_, more) => {
  const [few, many] = [await measurePoint(FEW, 0), await measurePoint({ ...FEW, ...more }, 0)];

  expect(few.warm).toEqual({ calls: 0, bytes: 0 });
  expect(many.warm).toEqual(few.warm);
  expect(many.cold).toEqual(few.cold);
  expect(many.strangers.calls).toEqual(few.strangers.calls);
});

test('tunnels of its own group cost the first exchange their bytes, and the next ones nothing', async () => {
  const many = await measurePoint({ ...FEW, tunnels: 500, tunnelsOfGroup: 500 }, 0);

  expect(many.cold.bytes).toBeGreaterThan(50_000);
  expect(many.warm).toEqual({ calls: 0, bytes: 0 });
});

test('ten thousand connectors that lose their tunnels at once are all back within 90 seconds', () => {
  const { dials, refused, back, allSeconds } = simulateStorm(10_000);

  expect(dials - refused).toBe(10_000);
  expect(back.at(-1)?.[1]).toBe(10_000);
  expect(allSeconds).toBeLessThan(90);
  // Not before the quota lets them.
  expect(allSeconds).toBeGreaterThan(10_000 / NEW_CONNECTIONS_PER_SECOND - 1);
});

test('without jitter they would take more than five times as long', () => {
  const [spread, together] = [simulateStorm(10_000), simulateStorm(10_000, { jitter: false })];

  expect(together.allSeconds).toBeGreaterThan(spread.allSeconds * 5);
});

test('an account carries what is left of its requests once heartbeats are taken, by three to an exchange', () => {
  const { heartbeatsPerSecond, exchangesPerSecond } = accountLimit(10_000);

  expect(heartbeatsPerSecond + 3 * exchangesPerSecond).toBeCloseTo(ACCOUNT.requestsPerSecond, 6);
});
