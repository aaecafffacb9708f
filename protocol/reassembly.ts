// Puts the frames of one direction of one exchange back in order: they may come late, twice, or before their predecessors.
import { SallyportError } from './errors.ts';
import { REASSEMBLY_MAX_FRAMES, WINDOW_BYTES } from './limits.ts';

export interface ReassemblyBounds {
  readonly frames: number;
  readonly bytes: number;
}

export class Reassembly<Item> {
  #received = 0;
  #heldBytes = 0;
  readonly #held = new Map<number, { item: Item; bytes: number }>();
  readonly #bounds: ReassemblyBounds;

  /** The bounds default to what flow control lets a peer send: an honest one never exceeds them. */
  constructor(bounds: ReassemblyBounds = { frames: REASSEMBLY_MAX_FRAMES, bytes: WINDOW_BYTES }) {
    this.#bounds = bounds;
  }

  /** Frames received without a gap: the number that the next one must have. */
  get received(): number {
    return this.#received;
  }

  /** Frames that wait for an earlier one. */
  get held(): number {
    return this.#held.size;
  }

  /** Bytes of the frames that wait. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes frame `n` and gives the items that are now in order, none for a duplicate. Throws ERR_FRAME_OVERFLOW beyond the bounds. */
  accept(n: number, item: Item, bytes: number): Item[] {
    if (n < this.#received || this.#held.has(n)) return [];
    if (n > this.#received) {
      this.#hold(n, item, bytes);
      return [];
    }

    const ready = [item];
    this.#received += 1;
    for (let next = this.#held.get(this.#received); next; next = this.#held.get(this.#received)) {
      this.#held.delete(this.#received);
      this.#heldBytes -= next.bytes;
      this.#received += 1;
      ready.push(next.item);
    }
    return ready;
  }

  #hold(n: number, item: Item, bytes: number): void {
    const tooFar = n - this.#received >= this.#bounds.frames;
    if (tooFar || this.#heldBytes + bytes > this.#bounds.bytes) {
      throw new SallyportError(
        'ERR_FRAME_OVERFLOW',
        `Frame ${n} came while ${this.#received} is awaited: more than ${this.#bounds.frames} frames or ${this.#bounds.bytes} bytes would be held.`,
      );
    }
    this.#held.set(n, { item, bytes });
    this.#heldBytes += bytes;
  }
}
