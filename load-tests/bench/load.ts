// Two ways to ask: as many at once as are allowed, for how much there is to be had; and at a rate, for how long one waits.

export interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** `users` ask one request after the other, until `count` are answered. */
export const closedLoop = async (users: number, count: number, act: () => Promise<unknown>): Promise<Load> => {
  const latencies: number[] = [];
  let left = count;
  const startedAt = performance.now();
  const user = async () => {
    while (left > 0) {
      left -= 1;
      const from = performance.now();
      await act();
      latencies.push(performance.now() - from);
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

const summary = (latencies: readonly number[], ms: number): Load => {
  const sorted = latencies.toSorted((one, other) => one - other);
  const quantile = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  return { perSecond: (latencies.length * 1000) / ms, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
};

export const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
