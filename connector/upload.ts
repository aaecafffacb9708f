// A body that comes in parts, from one router environment after another. Each piece has its place in the body: what is early is held, what
// came before is passed over, and the body goes to the origin in order.
import { SallyportError } from '../protocol/errors.ts';
import type { PartFrame, TakenFrame } from '../protocol/frames.ts';
import { PAYLOAD_MAX_BYTES, REQUEST_BODY_MAX_BYTES } from '../protocol/limits.ts';
import type { RequestBody } from './request-body.ts';

/** How far beyond what the origin has taken a piece may reach: a router has one part in hand, and the pieces of the next may overtake its last. */
const AHEAD_MAX_BYTES = REQUEST_BODY_MAX_BYTES + PAYLOAD_MAX_BYTES;

/** Whose turn it is: a router's, to bring more; the origin's, to take what is here; or the origin's, to answer. */
export type Awaited = 'router' | 'origin' | 'answer';

export interface UploadOptions {
  readonly exchange: string;
  /** Of the whole body; null while it is not known. */
  readonly length: number | null;
  /** The router that has sent last. */
  readonly replyTo: string;
  readonly body: RequestBody;
  /** Whether the origin has answered. */
  readonly answered: () => boolean;
  readonly tell: (frame: TakenFrame, replyTo: string) => void;
  /** Called whenever something has moved. */
  readonly awaits: (whom: Awaited) => void;
}

export class Upload {
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
    this.#awaits();
  }

  #awaits(): void {
    const { body, awaits } = this.#options;
    if (!this.unfinished) awaits('answer');
    else awaits(body.taken === this.#received ? 'router' : 'origin');
  }

  #tellWhenDue(): void {
    if (this.#until === null || (!this.#over && this.#options.body.taken < this.#until)) return;
    this.#until = null;
    this.#tell();
  }

  get #over(): boolean {
    const { body, answered } = this.#options;
    return answered() && body.closed && body.taken !== this.#length;
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
