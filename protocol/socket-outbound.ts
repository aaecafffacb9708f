// What a user's side of a WebSocket sends: messages wait until the window allows them, and are kept until the other side has heard them.
import { SOCKET_PART_ROOM_BYTES, SOCKET_PARTS_MAX } from './limits.ts';
import type { SocketPart } from './socket-frames.ts';
import { type Closing, FRAME_MIN_COST_BYTES, join, type Kind, toBase64 } from './socket-payload.ts';

/** A frame that may have to be sent again. */
export interface Unheard {
  readonly n: number;
  readonly head: { readonly parts: readonly SocketPart[]; readonly close?: Closing; readonly used?: true };
  readonly payload: string;
  /** Of messages in it. */
  readonly bytes: number;
}

export class SocketOutbound {
  readonly #queue: Array<{ readonly kind: Kind; data: Uint8Array }> = [];
  #close: Closing | null = null;
  #closeSent = false;
  readonly #unheard: Unheard[] = [];
  #next = 0;
  /** Bytes sent, and how many may be. */
  #spent = 0;
  #limit = 0;

  get closing(): boolean {
    return this.#close !== null;
  }

  /** Nothing waits, and everything has been heard. */
  get idle(): boolean {
    return this.#unheard.length === 0 && this.#queue.length === 0;
  }

  get unheard(): readonly Unheard[] {
    return this.#unheard;
  }

  add(data: Uint8Array, kind: Kind): void {
    this.#queue.push({ kind, data });
  }

  /** After what was added before. */
  close(closing: Closing): void {
    this.#close = closing;
  }

  /** So many bytes may be sent in all. */
  allow(limit: number): void {
    this.#limit = Math.max(this.#limit, limit);
  }

  acknowledge(received: number, limit: number): void {
    while (this.#unheard[0] && this.#unheard[0].n < received) this.#unheard.shift();
    this.allow(limit);
  }

  /**
   * The next frame, of `room` bytes at most, its list of parts included; null while there is none that may be sent. It may end above the limit by
   * a frame of `small` bytes, no more.
   */
  next(small: number, room: number, used: () => boolean): Unheard | null {
    const closes = this.#close !== null && !this.#closeSent;
    if (this.#spent >= this.#limit || (this.#queue.length === 0 && !closes)) return null;
    const { parts, payload } = this.#take(Math.min(room, Math.max(small, this.#limit - this.#spent)));
    const close = this.#queue.length === 0 ? this.#close : null;
    this.#closeSent ||= close !== null;
    const head = { parts, ...(close && { close }), ...(used() && { used: true as const }) };
    const frame = { n: this.#next, head, payload: toBase64(payload), bytes: payload.length };
    this.#next += 1;
    this.#spent += Math.max(FRAME_MIN_COST_BYTES, payload.length);
    this.#unheard.push(frame);
    return frame;
  }

  #take(room: number): { readonly parts: readonly SocketPart[]; readonly payload: Uint8Array } {
    const parts: SocketPart[] = [];
    const chunks: Uint8Array[] = [];
    let left = room;
    while (parts.length < SOCKET_PARTS_MAX) {
      const first = this.#queue[0];
      if (first === undefined || left < SOCKET_PART_ROOM_BYTES + Math.min(first.data.length, 1)) break;
      left -= SOCKET_PART_ROOM_BYTES;
      const chunk = first.data.subarray(0, left);
      const more = chunk.length < first.data.length;
      parts.push([first.kind, chunk.length, more]);
      chunks.push(chunk);
      left -= chunk.length;
      if (more) first.data = first.data.subarray(chunk.length);
      else this.#queue.shift();
    }
    return { parts, payload: join(chunks) };
  }
}
