// A body that comes in parts, from one router environment after another. Each piece has its place in the body: what is early is held, what
// came before is passed over, and the body goes to the origin in order.
import { SallyportError } from '../protocol/errors.ts';
import type { PartFrame, TakenFrame } from '../protocol/frames.ts';
import { PAYLOAD_MAX_BYTES, REQUEST_BODY_MAX_BYTES, UPLOAD_WAIT_MS } from '../protocol/limits.ts';
import { Timers } from '../protocol/timers.ts';
import type { Clock } from './clock.ts';
import type { RequestBody } from './request-body.ts';

/** How far beyond what the origin has taken a piece may reach: a router has one part in hand, and the pieces of the next may overtake its last. */
const AHEAD_MAX_BYTES = REQUEST_BODY_MAX_BYTES + PAYLOAD_MAX_BYTES;

/** An origin that has answered and takes nothing for this long does not want the rest. */
const ANSWERED_MS = 5_000;

export interface UploadOptions {
  readonly exchange: string;
  /** Of the whole body; null while it is not known. */
  readonly length: number | null;
  /** The router that has sent last. */
  readonly replyTo: string;
  readonly body: RequestBody;
  readonly origin: string;
  /** How long the origin may take nothing, and in the end to its first byte. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly tell: (frame: TakenFrame, replyTo: string) => void;
  readonly fail: (error: SallyportError) => void;
  /** The origin has taken the whole body. */
  readonly changed: () => void;
}

export const originTimeout = (origin: string, timeoutMs: number): SallyportError =>
  new SallyportError('ERR_ORIGIN_TIMEOUT', `${origin} gave no answer within ${timeoutMs} ms.`);

export class Upload {
  readonly #timers: Timers<'router' | 'origin'>;
  #answered = false;
  #refused = false;
  #stopped = false;
  readonly #options: UploadOptions;
  readonly #early = new Map<number, Buffer>();
  #replyTo: string;
  #length: number | null;
  #received = 0;
  #seenTaken = 0;
  /** Where the router's part ends, while it waits to be told that the origin has it. */
  #until: number | null = null;

  constructor(options: UploadOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    this.#replyTo = options.replyTo;
    this.#length = options.length;
    this.#endWhenWhole();
    this.#tell();
    this.#awaits();
  }

  /** The router that has sent last. */
  get replyTo(): string {
    return this.#replyTo;
  }

  /** Bytes held because earlier ones are missing. */
  get heldBytes(): number {
    return [...this.#early.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Whether there is more to come, or to be taken by the origin. */
  get unfinished(): boolean {
    return this.#options.body.taken !== this.#length;
  }

  /** Throws ERR_FRAME_INVALID for what contradicts what came before: nobody can say then what the body is. */
  accept({ replyTo, offset, until, length }: PartFrame, payload: Buffer): void {
    this.#replyTo = replyTo;
    if (length !== null) this.#learnLength(length);
    if (this.#length !== null && offset + payload.length > this.#length) {
      throw new SallyportError(
        'ERR_FRAME_INVALID',
        `A part ends at ${offset + payload.length}, beyond the ${this.#length} bytes of its body.`,
      );
    }
    if (payload.length > 0) this.#hold(offset, payload);
    this.#endWhenWhole();
    if (payload.length === 0) {
      this.#tell();
      if (until > this.#options.body.taken) this.#until = until;
    } else {
      this.#until = until;
      this.#tellWhenDue();
    }
    this.#awaits();
  }

  /** The origin has taken more, or takes no more. */
  moved(): void {
    this.#tellWhenDue();
    if (this.#options.body.taken === this.#seenTaken) return;
    this.#seenTaken = this.#options.body.taken;
    this.#timers.disarm('origin');
    this.#awaits();
  }

  answered(): void {
    this.#answered = true;
    this.#tellWhenDue();
    this.#timers.disarm('origin');
    this.#awaits();
  }

  stop(): void {
    this.#stopped = true;
    this.#timers.clear();
  }

  /** Routers have a time for the next part, the origin has one for taking it, whatever routers ask meanwhile, and in the end for its answer. */
  #awaits(): void {
    if (this.#stopped) return;
    const { body, origin, timeoutMs, fail, changed } = this.#options;
    if (this.unfinished && body.taken === this.#received) {
      this.#timers.disarm('origin');
      this.#timers.arm('router', UPLOAD_WAIT_MS, () =>
        fail(new SallyportError('ERR_UPLOAD_LOST', `No part of the upload came within ${UPLOAD_WAIT_MS} ms.`)),
      );
      return;
    }
    this.#timers.disarm('router');
    if (!this.#answered) this.#timers.armOnce('origin', timeoutMs, () => fail(originTimeout(origin, timeoutMs)));
    else if (this.unfinished) this.#timers.armOnce('origin', ANSWERED_MS, () => this.#refuse());
    if (!this.unfinished) changed();
  }

  /** It has answered and reads no more. */
  #refuse(): void {
    this.#refused = true;
    this.#tellWhenDue();
  }

  #tellWhenDue(): void {
    if (this.#until === null || (!this.#over && this.#options.body.taken < this.#until)) return;
    this.#until = null;
    this.#tell();
  }

  get #over(): boolean {
    const { body } = this.#options;
    return this.#answered && (body.closed || this.#refused) && body.taken !== this.#length;
  }

  #learnLength(length: number): void {
    if (this.#length !== null && this.#length !== length) {
      throw new SallyportError('ERR_FRAME_INVALID', `The body had ${this.#length} bytes, and now is to have ${length}.`);
    }
    this.#length = length;
  }

  #hold(offset: number, payload: Buffer): void {
    // What reaches further is not kept: the router asks what came, and sends it again.
    if (offset + payload.length <= this.#received || offset + payload.length > this.#options.body.taken + AHEAD_MAX_BYTES) return;
    if ((this.#early.get(offset)?.length ?? 0) < payload.length) this.#early.set(offset, payload);
    for (let next = this.#due(); next !== undefined; next = this.#due()) {
      const [at, piece] = next;
      this.#early.delete(at);
      const fresh = piece.subarray(this.#received - at);
      this.#received += fresh.length;
      this.#options.body.push(fresh);
    }
  }

  /** A piece that goes on where the body is, or that is no longer needed. */
  #due(): [number, Buffer] | undefined {
    return [...this.#early].find(([at]) => at <= this.#received);
  }

  #endWhenWhole(): void {
    if (this.#received === this.#length) this.#options.body.end();
  }

  #tell(): void {
    const { exchange, body, tell } = this.#options;
    tell({ type: 'taken', exchange, received: this.#received, taken: body.taken, length: this.#length, over: this.#over }, this.#replyTo);
  }
}
