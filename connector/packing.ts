// Makes the payloads of one answer's frames: as the bytes are, or compressed where that makes fewer messages on the bill.
import { type Coding, compress } from '../protocol/coding.ts';
import { DECODED_MAX_BYTES, METERED_BYTES, PAYLOAD_MAX_BYTES } from '../protocol/limits.ts';
import type { Gatherer } from './gatherer.ts';

export interface Packed {
  readonly payload: Buffer;
  /** Of body that it stands for. */
  readonly bytes: number;
  /** Absent when the payload is the bytes themselves. */
  readonly coding?: Coding;
}

/** A first guess, by what the text of applications comes to. */
const RATIO_FIRST = 3;
/** What a frame is filled to: the next bytes may compress a little worse than the last. */
const FILL = 0.9;
/** So many times in a row nothing was saved: it is no text, whatever its type says. */
const MISSES_MAX = 2;

export class Packing {
  #coding: Coding | null;
  #ratio = RATIO_FIRST;
  #misses = 0;

  /** Null: nothing is compressed. */
  constructor(coding: Coding | null) {
    this.#coding = coding;
  }

  /** Bytes of body that fill a frame. */
  get full(): number {
    if (this.#coding === null) return PAYLOAD_MAX_BYTES;
    return Math.min(Math.max(Math.floor(PAYLOAD_MAX_BYTES * this.#ratio * FILL), PAYLOAD_MAX_BYTES), DECODED_MAX_BYTES);
  }

  /** The next payload of what waits: `room` bytes at most, beside a header line of `lineBytes`. */
  take(body: Gatherer, room: number, lineBytes: number): Packed {
    for (let bytes = Math.min(body.size, this.full); this.#coding !== null; bytes = Math.ceil(bytes / 2)) {
      // With one message less to save, trying is worth nothing.
      if (messages(bytes, lineBytes) < 2) break;
      const payload = compress(body.peek(bytes));
      this.#ratio = bytes / payload.length;
      if (payload.length > room && bytes > room) continue;
      if (payload.length > room || messages(payload.length, lineBytes) >= messages(bytes, lineBytes)) {
        this.#miss();
        break;
      }
      this.#misses = 0;
      body.drop(bytes);
      return { payload, bytes, coding: this.#coding };
    }
    const payload = body.take(room);
    return { payload, bytes: payload.length };
  }

  #miss(): void {
    this.#misses += 1;
    if (this.#misses >= MISSES_MAX) this.#coding = null;
  }
}

/** What API Gateway bills for payloads of so many bytes. */
const messages = (bytes: number, lineBytes: number): number => Math.ceil(((bytes * 4) / 3 + lineBytes) / METERED_BYTES);
