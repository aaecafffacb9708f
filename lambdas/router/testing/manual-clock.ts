// A clock that tests move by hand: time passes when they say so, and everything that then becomes due happens in order.
import type { Clock } from '../ports.ts';

export interface ManualClock extends Clock {
  /** Lets `ms` pass, timer by timer, with the event loop turning in between. */
  advance(ms: number): Promise<void>;
  /** Timers that are set. */
  pending(): number;
}

export const createManualClock = (start = Date.UTC(2026, 10, 24)): ManualClock => {
  let now = start;
  const timers = new Set<{ at: number; callback: () => void }>();
  return {
    now: () => now,
    pending: () => timers.size,
    after: (ms, callback) => {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: async (ms) => {
      const until = now + ms;
      await turn();
      for (let due = nextDue(timers, until); due; due = nextDue(timers, until)) {
        timers.delete(due);
        now = due.at;
        due.callback();
        await turn();
      }
      now = until;
    },
  };
};

const nextDue = <Timer extends { at: number }>(timers: ReadonlySet<Timer>, until: number): Timer | undefined =>
  [...timers].filter(({ at }) => at <= until).sort((one, other) => one.at - other.at)[0];

/** Everything that needs no time has happened. */
export const turn = async (): Promise<void> => {
  for (let round = 0; round < 8; round += 1) await new Promise((resolve) => setImmediate(resolve));
};
