// Time as the connector sees it, passed in so that tests can make an hour pass at once.

export interface Clock {
  /** Milliseconds since the epoch; jumps when the machine's clock is set. */
  now(): number;
  /** Milliseconds since some moment; never jumps. What durations are measured by. */
  monotonic(): number;
  /** Runs `callback` after `ms`; the answer cancels it. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`; `cancel` resolves it at once. */
export const pause = (clock: Pick<Clock, 'after'>, ms: number): { readonly over: Promise<void>; cancel(): void } => {
  const { promise, resolve } = withResolvers<void>();
  const stop = clock.after(ms, resolve);
  return {
    over: promise,
    cancel: () => {
      stop();
      resolve();
    },
  };
};

/** Promise.withResolvers, which Node 20 lacks. */
export const withResolvers = <T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } => {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
};
