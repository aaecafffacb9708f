// The response of one exchange as it comes in: put in order, checked, and held until the user takes it.
import { CODINGS, decompress } from '../../protocol/coding.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { frameCost, ReceiveWindow } from '../../protocol/flow.ts';
import type { BodyFrame, ErrorFrame, HeaderList, ResponseFrame } from '../../protocol/frames.ts';
import { FRAME_MAX_BYTES, WINDOW_BYTES } from '../../protocol/limits.ts';
import { Reassembly } from '../../protocol/reassembly.ts';

export interface ResponseHead {
  readonly status: number;
  readonly headers: HeaderList;
}

export type NumberedFrame = ResponseFrame | BodyFrame | ErrorFrame;

interface Arrived {
  readonly frame: NumberedFrame;
  readonly payload: Buffer;
}

interface SettleHead {
  readonly resolve: (head: ResponseHead) => void;
  readonly reject: (error: SallyportError) => void;
}

export class ResponseInbox {
  /** The origin's head. Rejects with the failure when there is none. */
  readonly head: Promise<ResponseHead>;
  readonly #reassembly = new Reassembly<Arrived>();
  readonly #window = new ReceiveWindow();
  readonly #allow: () => void;
  readonly #settleHead: SettleHead;
  /** Payloads in order that the user has not been given, compressed ones as they came; null: the body is complete. */
  readonly #ready: Array<{ readonly payload: Buffer; readonly coded: boolean } | null> = [];
  #readyCost = 0;
  #wakeReader: () => void = () => undefined;
  #headSeen = false;
  #complete = false;
  #failure: SallyportError | null = null;

  /** `allow` is called when the user has taken so much that the connector may send more. */
  constructor(allow: () => void) {
    this.#allow = allow;
    let settle!: SettleHead;
    this.head = new Promise<ResponseHead>((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.#settleHead = settle;
    // A failure before anyone waits for the head is still told to whoever asks later.
    this.head.catch(() => undefined);
  }

  get headSeen(): boolean {
    return this.#headSeen;
  }

  /** Complete or failed: nothing that comes now matters. */
  get ended(): boolean {
    return this.#complete || this.#failure !== null;
  }

  /** Frames received without a gap. */
  get received(): number {
    return this.#reassembly.received;
  }

  /** A frame is missing while later ones are here. */
  get gap(): boolean {
    return this.#reassembly.held > 0;
  }

  /** What the connector may have sent in all; null while it is what every exchange begins with. */
  get limit(): number | null {
    return this.#window.limit > WINDOW_BYTES ? this.#window.limit : null;
  }

  /** Answers the connector's own failure when its turn has come. Throws ERR_FRAME_INVALID or ERR_FRAME_OVERFLOW. */
  accept(frame: NumberedFrame, payload: Buffer): ErrorFrame | null {
    // It has no place in a sequence that the connector no longer knows.
    if (frame.type === 'error' && frame.code === 'ERR_EXCHANGE_UNKNOWN') return frame;
    for (const next of this.#reassembly.accept(frame.n, { frame, payload }, frameCost(payload.length))) {
      if (this.ended) break;
      if (next.frame.type === 'error') return next.frame;
      this.#deliver(next.frame, next.payload);
    }
    return null;
  }

  fail(error: SallyportError): void {
    if (this.ended) return;
    this.#failure = error;
    this.#settleHead.reject(error);
    this.#wakeReader();
  }

  /** The body's parts in order. Taking the next one says that the last has left for the user. Throws what ended the exchange early. */
  async *body(): AsyncGenerator<Buffer> {
    for (;;) {
      while (this.#ready.length === 0 && this.#failure === null) {
        await new Promise<void>((wake) => {
          this.#wakeReader = wake;
        });
      }
      // What came in order before a failure is still the user's.
      if (this.#ready.length === 0) throw this.#failure;
      const next = this.#ready.shift()!;
      if (next === null) return;
      this.#readyCost -= frameCost(next.payload.length);
      const part = next.coded ? decompress(next.payload) : next.payload;
      if (part.length > 0) yield part;
      if (this.#window.consume(part.length) !== null && !this.ended) this.#allow();
    }
  }

  #deliver(frame: ResponseFrame | BodyFrame, payload: Buffer): void {
    if ((frame.type === 'response') === this.#headSeen) {
      throw new SallyportError('ERR_FRAME_INVALID', 'A response has one head, and it comes first.');
    }
    const coded = frame.coding !== undefined;
    if (coded && !CODINGS.some((known) => known === frame.coding)) {
      throw new SallyportError('ERR_FRAME_INVALID', `A payload is compressed as ${frame.coding}, which was not asked for.`);
    }
    this.#readyCost += frameCost(payload.length);
    // One frame may begin below the limit and end above it.
    if (this.#readyCost > WINDOW_BYTES + FRAME_MAX_BYTES) {
      throw new SallyportError('ERR_FRAME_OVERFLOW', `The connector sent more than the ${WINDOW_BYTES} bytes that it was allowed.`);
    }
    this.#ready.push({ payload, coded });
    if (frame.end) {
      this.#complete = true;
      this.#ready.push(null);
    }
    if (frame.type === 'response') {
      this.#headSeen = true;
      this.#settleHead.resolve({ status: frame.status, headers: frame.headers });
    }
    this.#wakeReader();
  }
}
