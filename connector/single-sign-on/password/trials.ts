// One attempt at a time with credentials that are not known to be good: who comes meanwhile waits for what becomes of it, so that
// a page with twenty pictures does not try a wrong password twenty times.
import { withResolvers } from '../../clock.ts';

export class Trials {
  readonly #running = new Map<string, Promise<void>>();

  /** Resolves when it is the caller's turn, with what ends it. */
  async next(name: string): Promise<() => void> {
    for (let before = this.#running.get(name); before !== undefined; before = this.#running.get(name)) await before;
    const { promise, resolve } = withResolvers<void>();
    this.#running.set(name, promise);
    return () => {
      if (this.#running.get(name) === promise) this.#running.delete(name);
      resolve();
    };
  }
}
