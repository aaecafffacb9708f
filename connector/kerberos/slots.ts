// So many calls to domain controllers at once, and no more: the helper's other threads stay free for users whose ticket is cached.
import type { Clock } from '../clock.ts';

/** No call could be made in time. */
export class NoSlot extends Error {}

export interface SlotsOptions {
  readonly limit: number;
  /** How long a call is waited for. One that takes longer is stuck: it holds its slot, and nobody awaits what it brings. */
  readonly deadlineMs: number;
  readonly after: Clock['after'];
}

export class Slots {
  readonly #options: SlotsOptions;
  readonly #waiting: Array<() => void> = [];
  #held = 0;
  #stuck = 0;

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  /** Throws NoSlot: at once when every slot holds a stuck call, else when none became free within the deadline. */
  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    const { limit, deadlineMs, after } = this.#options;
    if (this.#stuck >= limit) throw new NoSlot('None of the calls to domain controllers that are under way is answered.');
    if (this.#held < limit) this.#held += 1;
    else await this.#turn();

    let stuck = false;
    const answered = after(deadlineMs, () => {
      stuck = true;
      this.#stuck += 1;
    });
    try {
      return await call();
    } finally {
      answered();
      if (stuck) this.#stuck -= 1;
      // The slot passes to the next one; it is held all the while.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#held -= 1;
    }
  }

  #turn(): Promise<void> {
    const { deadlineMs, after } = this.#options;
    return new Promise((resolve, reject) => {
      const enter = () => {
        inTime();
        resolve();
      };
      const inTime = after(deadlineMs, () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(new NoSlot(`No call to a domain controller ended within ${deadlineMs} ms.`));
      });
      this.#waiting.push(enter);
    });
  }
}
