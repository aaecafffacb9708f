// The model of time: its parts add up, and every figure says where it is from.
import { expect, test } from '@jest/globals';
import PROFILE from '../hops.json' with { type: 'json' };
import { modelTime, STATES, UNAVOIDABLE } from './time.ts';

test('a warm exchange adds two posts and the two programs, and no table call', () => {
  expect(STATES.warm).toEqual({ post: 2, router: 1, connector: 1 });
});

test('the median of what is added lies by the sum of its hops’ medians', async () => {
  const { hops } = PROFILE;
  const expected = 2 * hops.post.p50Ms + hops.router.p50Ms + hops.connector.p50Ms;

  const [{ added, unavoidable, whole }] = (await modelTime()) as [Awaited<ReturnType<typeof modelTime>>[number]];

  expect(added.p50Ms).toBeGreaterThan(expected * 0.9);
  expect(added.p50Ms).toBeLessThan(expected * 1.5);
  expect(whole.p50Ms).toBeGreaterThan(unavoidable.p50Ms);
  expect(whole.p99Ms).toBeLessThan(unavoidable.p99Ms + added.p99Ms);
});

test('cold costs more than a freeze, and a freeze more than warm', async () => {
  const [warm, frozen, cold] = (await modelTime()).map(({ added }) => added.p50Ms);

  expect(frozen).toBeGreaterThan(warm!);
  expect(cold).toBeGreaterThan(frozen!);
});

test('either way back of prior art adds more than ours', async () => {
  const [warm, , , ...priorArt] = (await modelTime()).map(({ added }) => added);

  expect(priorArt).toHaveLength(2);
  for (const { p50Ms, p99Ms } of priorArt) {
    expect(p50Ms).toBeGreaterThan(warm!.p50Ms);
    expect(p99Ms).toBeGreaterThan(warm!.p99Ms);
  }
});

test('every hop is used, and tells whether it was measured, is second-hand or is assumed', () => {
  const used = new Set([UNAVOIDABLE, ...Object.values(STATES)].flatMap((counts) => Object.keys(counts)));

  expect(Object.keys(PROFILE.hops).filter((hop) => !used.has(hop))).toEqual([]);
  for (const { kind, source, p50Ms, p99Ms } of Object.values(PROFILE.hops)) {
    expect(['measured', 'second-hand', 'assumed']).toContain(kind);
    expect(source.length).toBeGreaterThan(20);
    expect(p99Ms).toBeGreaterThan(p50Ms);
  }
});
