// Brings the frames of one exchange to the router: several posts at once, no more than the router allows, each kept until it is
// acknowledged. When the router's connection has gone, the frames wait for the next one (DESIGN.md D6).
import { encode, type FrameKey } from '../protocol/codec.ts';
import { SendWindow } from '../protocol/flow.ts';
import type { BodyFrame, ConnectorFrame, ErrorFrame, MovedFrame, ProgressFrame, ResponseFrame } from '../protocol/frames.ts';
import { Outbox } from '../protocol/outbox.ts';
import type { SocketFrame, SocketReceiptFrame } from '../protocol/socket-frames.ts';
import type { Post } from './ports.ts';

/** Posts of one exchange under way at once: what fills a 95 KB frame's round trip of some 20 ms to a few hundred Mbit/s. */
export const POSTS_MAX = 8;

export type NumberedFrame = ResponseFrame | BodyFrame | ErrorFrame | SocketFrame;

export interface SenderOptions {
  /** Null: no router waits yet, and one that will announces itself. */
  readonly replyTo: string | null;
  readonly key: FrameKey;
  readonly post: Post;
  /** Something may be possible that was not: a post ended, the router allowed more, a new connection is there. */
  readonly changed: () => void;
}

export class Sender {
  readonly #options: SenderOptions;
  readonly #outbox = new Outbox();
  readonly #window = new SendWindow();
  #replyTo: string;
  #queue: string[] = [];
  #inFlight = 0;
  #received = 0;
  /** Raised when the router's connection changes: what comes of earlier posts no longer matters. */
  #generation = 0;
  #lost = false;
  #closed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#replyTo = options.replyTo ?? '';
    this.#lost = options.replyTo === null;
  }

  /** The number that the next frame takes. */
  get next(): number {
    return this.#outbox.next;
  }

  /** Characters held. */
  get size(): number {
    return this.#outbox.size;
  }

  /** Whether a body frame may be sent now. */
  get ready(): boolean {
    return !this.#lost && !this.#closed && this.#queue.length === 0 && this.#inFlight < POSTS_MAX && this.#window.open;
  }

  /** Whether nothing is on its way. */
  get quiet(): boolean {
    return this.#inFlight === 0 && this.#queue.length === 0;
  }

  /** The router's connection is gone and no new one is known yet. */
  get lost(): boolean {
    return this.#lost;
  }

  /** The router has said that it has everything. */
  get acknowledged(): boolean {
    return this.#received >= this.#outbox.next;
  }

  /** Seals and sends a numbered frame that stands for so many bytes of body, and keeps it. Throws ERR_FRAME_INVALID when it would not fit. */
  send(frame: NumberedFrame, payload?: Uint8Array, bytes = 0): void {
    const text = encode(frame, this.#options.key, payload);
    this.#outbox.keep(text);
    this.#window.spend(bytes);
    if (this.#lost) return;
    this.#queue.push(text);
    this.#drain();
  }

  /** Sends a frame that has no number: it is not kept, and not sent at all while the router is lost. */
  note(frame: ProgressFrame | MovedFrame | SocketReceiptFrame): void {
    if (!this.#lost && !this.#closed) this.#post(encode(frame satisfies ConnectorFrame, this.#options.key));
  }

  /** The router has `received` frames without a gap and allows `limit` in all. */
  acknowledge(received: number, limit: number): void {
    this.#forget(received);
    this.#window.grant(limit);
    this.#options.changed();
  }

  /** The router has a new connection and `received` frames. False when frames that it lacks are no longer kept. */
  resume(replyTo: string, received: number): boolean {
    // An older announcement that was overtaken: what it would undo has already been done.
    if (received < this.#received) return true;
    const texts = this.#outbox.since(received);
    if (texts === null) return false;

    this.#forget(received);
    this.#replyTo = replyTo;
    this.#generation += 1;
    this.#inFlight = 0;
    this.#lost = false;
    this.#queue = [...texts];
    this.#drain();
    this.#options.changed();
    return true;
  }

  /** Gives up everything that is kept. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#outbox.acknowledge(this.#outbox.next);
  }

  #forget(received: number): void {
    this.#received = Math.max(this.#received, received);
    this.#outbox.acknowledge(received);
  }

  #drain(): void {
    while (this.#inFlight < POSTS_MAX) {
      const text = this.#queue.shift();
      if (text === undefined) return;
      this.#post(text);
    }
  }

  #post(text: string): void {
    const generation = this.#generation;
    const current = () => generation === this.#generation && !this.#closed;
    this.#inFlight += 1;
    this.#options.post(text, this.#replyTo, current).then((result) => {
      if (!current()) return;
      this.#inFlight -= 1;
      if (result === 'delivered') {
        this.#drain();
      } else {
        this.#lost = true;
        this.#queue = [];
      }
      this.#options.changed();
    });
  }
}
