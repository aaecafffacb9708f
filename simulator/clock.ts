// The two clocks: the machine's, and one that tests move by hand.
import type { Clock } from './services.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Variables by which a process has this one's clock, where Debian's faketime gives it another than the machine's: all of AWS has one time. */
export const clockVariables = (env: NodeJS.ProcessEnv): Record<string, string> => {
  const { LD_PRELOAD: preloaded, ...others } = env;
  if (!preloaded?.includes('libfaketime')) return {};
  const settings = Object.entries(others).filter(([name]) => name.startsWith('FAKETIME')) as [string, string][];
  return { LD_PRELOAD: preloaded, ...Object.fromEntries(settings) };
};

export interface ManualClock extends Clock {
  /** Runs what falls due within `ms`, in order of its time, and answers when the last of it has been called. */
  advance(ms: number): Promise<void>;
}

/** A clock that stands still until `advance` is called. */
export const createManualClock = (start = 1_700_000_000_000): ManualClock => {
  let now = start;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  const nextUntil = (limit: number) =>
    [...timers].filter((timer) => timer.at <= limit).reduce((first, timer) => (timer.at < first.at ? timer : first), LAST);

  return {
    now: () => now,
    after: (ms, callback) => {
      const timer = { at: now + Math.max(0, ms), callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: async (ms) => {
      const limit = now + ms;
      for (let timer = nextUntil(limit); timer !== LAST; timer = nextUntil(limit)) {
        timers.delete(timer);
        now = timer.at;
        timer.callback();
        // What the callback resolved gets its turn before the next timer.
        await new Promise((resolve) => setImmediate(resolve));
      }
      now = limit;
    },
  };
};

const LAST = { at: Number.POSITIVE_INFINITY, callback: () => {} };
