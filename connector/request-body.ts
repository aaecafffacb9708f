// A request's body on its way to the origin: pushed as its frames come into order, pulled as the origin takes it.
import { SallyportError } from '../protocol/errors.ts';

export class RequestBody implements AsyncIterable<Uint8Array> {
  readonly #chunks: Uint8Array[] = [];
  readonly #changed: () => void;
  /** Whether what was read is kept for another reader. */
  #kept: boolean;
  /** What is kept at most; a body that is longer can be read only once. */
  readonly #keptMax: number;
  #size = 0;
  /** Bytes that no reader can have any more. */
  #dropped = 0;
  /** Bytes that the last reader has come back from. */
  #taken = 0;
  #ended = false;
  #abandoned = false;
  /** Counts readers; only the last one reads. */
  #reader = 0;
  /** How many of the chunks it has read. */
  #read = 0;
  #wake: (() => void) | null = null;

  /** `changed` is called whenever the size held has changed; `repeatable` keeps what was read until `release`, up to `keptMax` bytes. */
  constructor(changed: () => void = () => {}, repeatable = false, keptMax = Number.POSITIVE_INFINITY) {
    this.#changed = changed;
    this.#kept = repeatable;
    this.#keptMax = keptMax;
  }

  /** Bytes that the origin has taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Nobody reads it any more, or will. */
  get closed(): boolean {
    return this.#abandoned;
  }

  /** Bytes that wait for the origin, or are kept. */
  get size(): number {
    return this.#size;
  }

  push(chunk: Uint8Array): void {
    if (this.#abandoned || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#kept && this.#dropped + this.#size > this.#keptMax) {
      this.#kept = false;
      this.#drop();
    }
    this.#signal();
  }

  end(): void {
    this.#ended = true;
    this.#signal();
  }

  /** No further reader will come. */
  release(): void {
    this.#kept = false;
    this.#drop();
    this.#changed();
  }

  /** The rest will not come: whoever reads it is told so, lest an origin takes half an upload for a whole one. */
  abandon(): void {
    this.#abandoned = true;
    this.#chunks.length = 0;
    this.#read = 0;
    this.#size = 0;
    this.#signal();
  }

  /** From the first byte; a reader from before ends with an error. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    this.#reader += 1;
    const reader = this.#reader;
    let position = 0;
    // Its beginning is gone: what is left is not the body.
    if (this.#dropped > 0) this.abandon();
    this.#read = 0;
    this.#signal();
    try {
      for (;;) {
        if (this.#abandoned) throw new SallyportError('ERR_EXCHANGE_LOST', 'The request body broke off: the exchange is over.');
        if (reader !== this.#reader) throw new SallyportError('ERR_ORIGIN_ABORTED', 'The request is made again, with its body.');
        const chunk = this.#chunks[this.#read];
        if (chunk) {
          this.#read += 1;
          this.#drop();
          this.#changed();
          yield chunk;
          position += chunk.length;
          if (position > this.#taken) {
            this.#taken = position;
            this.#changed();
          }
        } else if (this.#ended) {
          return;
        } else {
          await new Promise<void>((wake) => {
            this.#wake = wake;
          });
        }
      }
    } finally {
      if (!this.#kept && reader === this.#reader) {
        this.abandon();
        this.#changed();
      }
    }
  }

  #drop(): void {
    if (this.#kept) return;
    for (const chunk of this.#chunks.splice(0, this.#read)) {
      this.#size -= chunk.length;
      this.#dropped += chunk.length;
    }
    this.#read = 0;
  }

  #signal(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
    this.#changed();
  }
}
