// Reads an origin's body no faster than it is sent on, and joins the chunks that wait anyway, so that frames are full.

export class Gatherer {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #limit: number;
  readonly #changed: () => void;
  readonly #now: () => number;
  /** Bytes that are still to come, by the answer's own word. */
  #outstanding: number;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #readingSince: number | null = null;
  #ended = false;
  #failure: { readonly error: unknown } | null = null;

  /**
   * Reads on while fewer than `limit` bytes wait. `changed` is called after each read. With the `length` known, the last chunk is known
   * for the last at once, which saves a frame that says nothing but that.
   */
  constructor(source: AsyncIterable<Uint8Array>, limit: number, changed: () => void, now: () => number, length = Number.POSITIVE_INFINITY) {
    this.#source = source[Symbol.asyncIterator]();
    this.#limit = limit;
    this.#changed = changed;
    this.#now = now;
    this.#outstanding = length;
  }

  /** Bytes that wait. */
  get size(): number {
    return this.#size;
  }

  /** Since when the source is awaited; null while it is not: it is silent only while somebody listens. */
  get readingSince(): number | null {
    return this.#ended ? null : this.#readingSince;
  }

  /** The body has been read to its end; some of it may still wait. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Why the body broke off, if it did. */
  get failure(): { readonly error: unknown } | null {
    return this.#failure;
  }

  /** Everything has been taken. */
  get done(): boolean {
    return this.#ended && this.#size === 0;
  }

  /** Reads on if there is room. */
  fill(): void {
    if (this.#readingSince !== null || this.#ended || this.#failure || this.#size >= this.#limit) return;
    this.#readingSince = this.#now();
    this.#source.next().then(
      ({ done, value }) => {
        this.#readingSince = null;
        if (done) this.#ended = true;
        else this.#keep(value);
        this.#changed();
      },
      (error: unknown) => {
        this.#readingSince = null;
        this.#failure = { error };
        this.#changed();
      },
    );
  }

  /** At most `limit` bytes of what waits. */
  take(limit: number): Buffer {
    const taken = this.peek(limit);
    this.drop(taken.length);
    return taken;
  }

  /** The same, which go on waiting. */
  peek(limit: number): Buffer {
    const seen: Uint8Array[] = [];
    let room = limit;
    for (const chunk of this.#chunks) {
      if (room === 0) break;
      seen.push(chunk.length <= room ? chunk : chunk.subarray(0, room));
      room -= seen.at(-1)!.length;
    }
    const [only] = seen;
    return only && seen.length === 1 ? Buffer.from(only.buffer, only.byteOffset, only.byteLength) : Buffer.concat(seen);
  }

  /** So many of the bytes that wait are done with. */
  drop(bytes: number): void {
    this.#size -= bytes;
    for (let left = bytes; left > 0; ) {
      const chunk = this.#chunks[0]!;
      if (chunk.length <= left) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(left);
      left -= Math.min(chunk.length, left);
    }
  }

  /** Nobody wants the rest. */
  abandon(): void {
    this.#ended = true;
    this.#chunks = [];
    this.#size = 0;
    this.#source.return?.().catch(() => {});
  }

  #keep(chunk: Uint8Array): void {
    if (this.#ended || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    this.#outstanding -= chunk.length;
    if (this.#outstanding > 0) return;
    this.#ended = true;
    // Reads to the end all the same, so that the source is done with too.
    this.#source.next().catch(() => {});
  }
}
