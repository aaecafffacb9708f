// How much the exchanges together hold in memory. One bound for the process: beyond it new requests are refused.

export class Ledger {
  readonly limit: number;
  #held = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  get full(): boolean {
    return this.#held >= this.limit;
  }

  /** An account whose owner tells its size; closing it gives everything back. */
  open(): Account {
    let noted = 0;
    return {
      note: (size) => {
        this.#held += size - noted;
        noted = size;
      },
    };
  }
}

export interface Account {
  /** Bytes that the owner holds now. */
  note(size: number): void;
}
