// An origin's messages that wait for their user, in the parts in which they came: taken by frames, many small ones at once, a large one part
// by part.
import { SOCKET_PART_ROOM_BYTES, SOCKET_PARTS_MAX } from '../protocol/limits.ts';
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

/** What a part takes beside its bytes, so that those without any are bounded, too. */
export const PART_COST_BYTES = 128;

interface Waiting {
  readonly kind: MessageKind;
  data: Buffer;
  /** The message goes on with the next one. */
  readonly more: boolean;
}

export class SocketQueue {
  #waiting: Waiting[] = [];
  /** Bytes that wait. */
  #size = 0;
  #close: Closing | null = null;

  /** Whether what waits fills a frame of so many bytes. */
  fills(limit: number): boolean {
    const count = this.#waiting.length;
    return count >= SOCKET_PARTS_MAX || this.#size + count * SOCKET_PART_ROOM_BYTES >= limit;
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

  /** What a frame holds in which payload and list of parts together have room for `limit` bytes. */
  take(limit: number): Taken {
    const parts: Array<[MessageKind, number, boolean]> = [];
    const chunks: Buffer[] = [];
    let room = limit;
    let taken = 0;
    for (; taken < this.#waiting.length; taken += 1) {
      const first = this.#waiting[taken]!;
      const last = parts.at(-1);
      const goesOn = last?.[2] === true;
      const needed = (goesOn ? 0 : SOCKET_PART_ROOM_BYTES) + Math.min(first.data.length, 1);
      if (room < needed || (!goesOn && parts.length === SOCKET_PARTS_MAX)) break;
      if (!goesOn) room -= SOCKET_PART_ROOM_BYTES;
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
