// Two ways to ask: as many at once as are allowed, for how much there is to be had; and at a rate, for how long one waits.

export interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Answered extends Load {
  readonly count: number;
}

export interface Bounds {
  /** No request begins after this. */
  readonly limitMs?: number;
  /** Takes one that failed, which counts for nothing then. Without it a failure ends it all. */
  readonly fails?: (error: unknown) => void;
}

/** `users` ask one request after the other, until `count` are over. */
export const closedLoop = async (
  users: number,
  count: number,
  act: () => Promise<unknown>,
  { limitMs = Number.POSITIVE_INFINITY, fails }: Bounds = {},
): Promise<Answered> => {
  const latencies: number[] = [];
  let left = count;
  const startedAt = performance.now();
  const user = async () => {
    while (left > 0 && performance.now() - startedAt < limitMs) {
      left -= 1;
      const from = performance.now();
      try {
        await act();
        latencies.push(performance.now() - from);
      } catch (error) {
        if (!fails) throw error;
        fails(error);
      }
    }
  };
  await Promise.all(Array.from({ length: users }, user));
  return summary(latencies, performance.now() - startedAt);
};

/** `count` requests, `perSecond` of them, whatever becomes of those before. A request that is late by our own fault has waited, too. */
export const openLoop = async (perSecond: number, count: number, act: () => Promise<unknown>): Promise<Load> => {
  const latencies: number[] = [];
  const running: Array<Promise<void>> = [];
  const startedAt = performance.now();
  for (let at = 0; at < count; at += 1) {
    const due = startedAt + (at * 1000) / perSecond;
    while (performance.now() < due) await new Promise((resolve) => setTimeout(resolve, 1));
    running.push(act().then(() => void latencies.push(performance.now() - due)));
  }
  await Promise.all(running);
  return summary(latencies, performance.now() - startedAt);
};

const summary = (latencies: readonly number[], ms: number): Answered => {
  const sorted = latencies.toSorted((one, other) => one - other);
  const quantile = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { count: latencies.length, perSecond: (latencies.length * 1000) / ms, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
};

export const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
