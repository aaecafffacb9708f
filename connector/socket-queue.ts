// An origin's messages that wait for their user, in the parts in which they came: taken by frames, many small ones at once, a large one part
// by part.
import type { SocketPart } from '../protocol/socket-frames.ts';
import type { MessageKind } from './ports.ts';

export interface Taken {
  readonly parts: readonly SocketPart[];
  readonly payload: Buffer;
  readonly close: Closing | null;
}

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** What a part costs in a frame's header line is bounded by how many there are. */
const PARTS_MAX = 256;
/** What a part takes beside its bytes, so that those without any are bounded, too. */
const PART_COST_BYTES = 128;

interface Waiting {
  readonly kind: MessageKind;
  data: Buffer;
  /** The message goes on with the next one. */
  readonly more: boolean;
}

export class SocketQueue {
  #waiting: Waiting[] = [];
  #size = 0;
  #close: Closing | null = null;

  /** Bytes that wait. */
  get size(): number {
    return this.#size;
  }

  /** Memory that is taken by what waits. */
  get held(): number {
    return this.#size + this.#waiting.length * PART_COST_BYTES;
  }

  get empty(): boolean {
    return this.#waiting.length === 0 && this.#close === null;
  }

  message(data: Buffer, kind: MessageKind, more: boolean): void {
    // A small part of a large read would keep all of that.
    const own = data.length < data.buffer.byteLength / 2 ? Buffer.from(data) : data;
    this.#waiting.push({ kind, data: own, more });
    this.#size += data.length;
  }

  close(code: number, reason: string): void {
    this.#close = { code, reason };
  }

  take(limit: number): Taken {
    const parts: Array<[MessageKind, number, boolean]> = [];
    const chunks: Buffer[] = [];
    let room = limit;
    let taken = 0;
    for (; taken < this.#waiting.length; taken += 1) {
      const first = this.#waiting[taken]!;
      const last = parts.at(-1);
      const goesOn = last?.[2] === true;
      if ((room === 0 && first.data.length > 0) || (!goesOn && parts.length === PARTS_MAX)) break;
      const chunk = first.data.subarray(0, room);
      const cut = chunk.length < first.data.length;
      const more = cut || first.more;
      // What goes on in the same frame is one part of it.
      if (goesOn) parts.splice(-1, 1, [first.kind, last[1] + chunk.length, more]);
      else parts.push([first.kind, chunk.length, more]);
      chunks.push(chunk);
      room -= chunk.length;
      this.#size -= chunk.length;
      if (cut) {
        first.data = first.data.subarray(chunk.length);
        break;
      }
    }
    this.#waiting.splice(0, taken);
    const close = this.#waiting.length === 0 ? this.#close : null;
    if (close !== null) this.#close = null;
    const [only] = chunks;
    return { parts, payload: only && chunks.length === 1 ? only : Buffer.concat(chunks), close };
  }
}
