// The named timers of one thing with a life: each name has at most one, and all end together.

interface Clock {
  /** Runs `callback` after `ms`; the answer cancels it. */
  after(ms: number, callback: () => void): () => void;
}

export class Timers<Name extends string> {
  readonly #clock: Clock;
  readonly #running = new Map<Name, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(name: Name): boolean {
    return this.#running.has(name);
  }

  /** Starts the timer anew. */
  arm(name: Name, ms: number, callback: () => void): void {
    this.disarm(name);
    const cancel = this.#clock.after(ms, () => {
      this.#running.delete(name);
      callback();
    });
    this.#running.set(name, cancel);
  }

  /** Starts the timer unless it is running. */
  armOnce(name: Name, ms: number, callback: () => void): void {
    if (!this.has(name)) this.arm(name, ms, callback);
  }

  disarm(name: Name): void {
    this.#running.get(name)?.();
    this.#running.delete(name);
  }

  clear(): void {
    for (const cancel of this.#running.values()) cancel();
    this.#running.clear();
  }
}
