// Credit-based flow control of one direction of one exchange. The receiver tells an absolute limit, so a lost, late or
// doubled credit frame does no harm; it tells it seldom, so credit costs few messages.
import { FRAME_MIN_COST_BYTES, WINDOW_BYTES } from './limits.ts';

/** What a frame takes from the window, by the body that it stands for: so a compressed answer is held back as any other. */
export const frameCost = (bodyBytes: number): number => Math.max(FRAME_MIN_COST_BYTES, bodyBytes);

/** The sender's side: what may still be sent. */
export class SendWindow {
  #limit: number;
  #sent = 0;
  readonly #waiting: Array<() => void> = [];

  constructor(limit: number = WINDOW_BYTES) {
    this.#limit = limit;
  }

  get open(): boolean {
    return this.#sent < this.#limit;
  }

  /** Notes a sent frame. A frame may begin below the limit and end above it: the receiver's bounds allow for one frame. */
  spend(bodyBytes: number): void {
    this.#sent += frameCost(bodyBytes);
  }

  /** The peer allows `limit` bytes in all. An older, lower limit is ignored. */
  grant(limit: number): void {
    if (limit <= this.#limit) return;
    this.#limit = limit;
    if (this.open) for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves once something may be sent. */
  async whenOpen(): Promise<void> {
    while (!this.open) await new Promise<void>((wake) => this.#waiting.push(wake));
  }
}

/** The receiver's side: when to allow more. */
export class ReceiveWindow {
  #consumed = 0;
  #limit: number;
  readonly #window: number;

  constructor(window: number = WINDOW_BYTES) {
    this.#window = window;
    this.#limit = window;
  }

  /** The limit told last, to be told again when the peer may have missed it. */
  get limit(): number {
    return this.#limit;
  }

  /** Notes that a frame has left for the user. Answers the new limit once half the window is used up, else null. */
  consume(bodyBytes: number): number | null {
    this.#consumed += frameCost(bodyBytes);
    if (this.#limit - this.#consumed > this.#window / 2) return null;
    this.#limit = this.#consumed + this.#window;
    return this.#limit;
  }
}
