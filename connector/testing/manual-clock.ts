// A clock that stands still until a test moves it.
import type { Clock } from '../clock.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  #elapsed = 0;
  #wall: number;
  readonly #timers = new Set<Timer>();

  constructor(now = Date.UTC(2030, 0, 1)) {
    this.#wall = now;
  }

  now = (): number => this.#wall + this.#elapsed;
  monotonic = (): number => this.#elapsed;

  after = (ms: number, callback: () => void): (() => void) => {
    const timer = { at: this.#elapsed + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Timers that are still to run. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Sets the wall clock, as an administrator or NTP does: no time passes. */
  set(now: number): void {
    this.#wall = now - this.#elapsed;
  }

  /** Time passes without anything running, as when the machine sleeps: what was due runs late. */
  jump(ms: number): void {
    this.#elapsed += ms;
  }

  /** Lets time pass, running what is due in its order, and what that leads to. */
  async pass(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await settled();
    for (let next = this.#due(end); next; next = this.#due(end)) {
      this.#timers.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.at);
      next.callback();
      await settled();
    }
    this.#elapsed = end;
  }

  #due(end: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
  }
}

/** Lets everything that is ready to run have run: promises, and callbacks of the event loop's next turns. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
