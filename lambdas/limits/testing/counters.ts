// For tests: counters of attempts in memory. Each begins at `beginAt`, so that a limit is near without hundreds of attempts.
import type { CountAttempt } from '../../stores/attempts.ts';

export interface Counters {
  readonly count: CountAttempt;
  /** By what was counted. */
  readonly counted: Map<string, number>;
  beginAt: number;
  /** The store is down. */
  failing: Error | null;
}

export const createCounters = (): Counters => {
  const counters: Counters = {
    count: async (what) => {
      if (counters.failing) throw counters.failing;
      const attempts = (counters.counted.get(what) ?? counters.beginAt) + 1;
      counters.counted.set(what, attempts);
      return attempts;
    },
    counted: new Map(),
    beginAt: 0,
    failing: null,
  };
  return counters;
};
