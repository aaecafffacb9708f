// Work that nobody waits for now, and that must be over before the environment is frozen: it would fail when it thaws.

export class UnderWay {
  readonly #works = new Set<Promise<unknown>>();

  track(work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work.catch(() => undefined).finally(() => this.#works.delete(tracked));
    this.#works.add(tracked);
  }

  /** Resolves when there is none. */
  async settled(): Promise<void> {
    while (this.#works.size > 0) await Promise.all(this.#works);
  }
}
