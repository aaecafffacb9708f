// A request's body on its way to the origin: pushed as its frames come into order, pulled as the origin takes it.
import { SallyportError } from '../protocol/errors.ts';

export class RequestBody implements AsyncIterable<Uint8Array> {
  readonly #chunks: Uint8Array[] = [];
  readonly #changed: () => void;
  #size = 0;
  #ended = false;
  #abandoned = false;
  #wake: (() => void) | null = null;

  /** `changed` is called whenever the size held has changed. */
  constructor(changed: () => void = () => {}) {
    this.#changed = changed;
  }

  /** Bytes that wait for the origin. */
  get size(): number {
    return this.#size;
  }

  push(chunk: Uint8Array): void {
    if (this.#abandoned || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    this.#signal();
  }

  end(): void {
    this.#ended = true;
    this.#signal();
  }

  /** The rest will not come: whoever reads it is told so, lest an origin takes half an upload for a whole one. */
  abandon(): void {
    this.#abandoned = true;
    this.#chunks.length = 0;
    this.#size = 0;
    this.#signal();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (this.#abandoned) throw new SallyportError('ERR_EXCHANGE_LOST', 'The request body broke off: the exchange is over.');
        const chunk = this.#chunks.shift();
        if (chunk) {
          this.#size -= chunk.length;
          this.#changed();
          yield chunk;
        } else if (this.#ended) {
          return;
        } else {
          await new Promise<void>((wake) => {
            this.#wake = wake;
          });
        }
      }
    } finally {
      this.abandon();
    }
  }

  #signal(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
    this.#changed();
  }
}
