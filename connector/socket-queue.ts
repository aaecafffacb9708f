// An origin's messages that wait for their user: taken by frames, many small ones at once, a large one part by part.
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

export class SocketQueue {
  #messages: Array<{ readonly kind: MessageKind; data: Buffer }> = [];
  #size = 0;
  #close: Closing | null = null;

  /** Bytes that wait. */
  get size(): number {
    return this.#size;
  }

  get empty(): boolean {
    return this.#messages.length === 0 && this.#close === null;
  }

  message(data: Buffer, kind: MessageKind): void {
    this.#messages.push({ kind, data });
    this.#size += data.length;
  }

  close(code: number, reason: string): void {
    this.#close = { code, reason };
  }

  take(limit: number): Taken {
    const parts: SocketPart[] = [];
    const chunks: Buffer[] = [];
    let room = limit;
    while (parts.length < PARTS_MAX) {
      const first = this.#messages[0];
      if (first === undefined || (room === 0 && first.data.length > 0)) break;
      const chunk = first.data.subarray(0, room);
      const more = chunk.length < first.data.length;
      parts.push([first.kind, chunk.length, more]);
      chunks.push(chunk);
      room -= chunk.length;
      this.#size -= chunk.length;
      if (more) first.data = first.data.subarray(chunk.length);
      else this.#messages.shift();
    }
    const close = this.#messages.length === 0 ? this.#close : null;
    if (close !== null) this.#close = null;
    const [only] = chunks;
    return { parts, payload: only && chunks.length === 1 ? only : Buffer.concat(chunks), close };
  }
}
