// How long hops take, drawn from the dated profile (hops.json), the same each time.
import PROFILE from '../hops.json' with { type: 'json' };

export type Hop = keyof typeof PROFILE.hops;
/** How often each hop is taken. */
export type Counts = Partial<Record<Hop, number>>;

/** Standard deviations to the 99th of 100, of a normal distribution. */
const Z99 = 2.326;

/** In (0, 1]; the same for the same seed (xorshift). */
export const seeded = (seed: number): (() => number) => {
  let state = seed * 2_654_435_761 + 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 1) / 2 ** 32;
  };
};

/** Log-normal, through both quantiles: latencies have a long tail on one side. */
const draw = (hop: Hop, random: () => number): number => {
  const { p50Ms, p99Ms } = PROFILE.hops[hop];
  const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  return p50Ms * Math.exp((Math.log(p99Ms / p50Ms) / Z99) * normal);
};

/** Milliseconds for all of them, one after the other. */
export const sum = (counts: Counts, random: () => number): number =>
  Object.entries(counts).reduce((total, [hop, count]) => {
    let taken = total;
    for (let at = 0; at < count; at += 1) taken += draw(hop as Hop, random);
    return taken;
  }, 0);
