// How long to wait before the next attempt: exponential with full jitter, so that a thousand connectors do not come back at once.

export interface BackoffOptions {
  readonly baseMs: number;
  readonly capMs: number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get attempts(): number {
    return this.#attempts;
  }

  /** Any wait between nothing and `base · 2^attempts`, at most the cap. */
  next(): number {
    const { baseMs, capMs, random } = this.#options;
    const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return Math.floor(random() * ceiling);
  }

  /** After a refusal that time alone will not mend: between half the cap and the cap. */
  longest(): number {
    this.#attempts += 1;
    return Math.floor(this.#options.capMs * (0.5 + this.#options.random() / 2));
  }

  reset(): void {
    this.#attempts = 0;
  }
}
