// What a user's side of a WebSocket receives: frames are put back in order, and their parts together to messages.
import type { SocketPart } from './socket-frames.ts';
import { type Closing, FRAME_MIN_COST_BYTES, join, type Kind } from './socket-payload.ts';

export interface Arrived {
  readonly parts: readonly SocketPart[];
  readonly payload: Uint8Array;
  readonly close: Closing | undefined;
}

/** Frames that came before their predecessors. */
const HELD_MAX = 4096;

export class SocketInbound {
  readonly #message: (data: Uint8Array, kind: Kind) => void;
  readonly #held = new Map<number, Arrived>();
  #received = 0;
  /** Of a message that goes on. */
  #partial: Uint8Array[] = [];
  /** Bytes delivered, and how many of them the other side knows of. */
  #consumed = 0;
  #told = 0;

  constructor(message: (data: Uint8Array, kind: Kind) => void) {
    this.#message = message;
  }

  /** Whether the next frame in order is here. */
  get ready(): boolean {
    return this.#held.has(this.#received);
  }

  /** More is held than an honest sender makes necessary. */
  get overflows(): boolean {
    return this.#held.size > HELD_MAX;
  }

  get untoldBytes(): number {
    return this.#consumed - this.#told;
  }

  /** False for one that came before. */
  hold(n: number, arrived: Arrived): boolean {
    if (n < this.#received || this.#held.has(n)) return false;
    this.#held.set(n, arrived);
    return true;
  }

  /** The next frame in order. Answers how the other side closes, when that was its last. */
  deliver(): Closing | undefined {
    const { parts, payload, close } = this.#held.get(this.#received)!;
    this.#held.delete(this.#received);
    this.#received += 1;
    let at = 0;
    for (const [kind, bytes, more] of parts) {
      this.#partial.push(payload.subarray(at, at + bytes));
      at += bytes;
      if (more) continue;
      const message = join(this.#partial);
      this.#partial = [];
      this.#message(message, kind);
    }
    this.#consumed += Math.max(FRAME_MIN_COST_BYTES, payload.length);
    return close;
  }

  /** What the other side is told: frames received without a gap, and how much it may send with this much room here. */
  receipt(bufferBytes: number): { readonly received: number; readonly limit: number } {
    this.#told = this.#consumed;
    return { received: this.#received, limit: this.#consumed + bufferBytes };
  }
}
