// Turns an origin's answer into frames: one when it is small, otherwise no chunk waits unless frames before it are still on their way.

import type { Coding } from '../protocol/coding.ts';
import { asSallyportError, SallyportError } from '../protocol/errors.ts';
import type { BodyFrame, PremisesTimings, ResponseFrame } from '../protocol/frames.ts';
import { DECODED_MAX_BYTES, FRAME_MAX_BYTES, HEADER_LINE_MAX_BYTES, PAYLOAD_MAX_BYTES } from '../protocol/limits.ts';
import type { Clock } from './clock.ts';
import { isCompressible } from './compressible.ts';
import { Gatherer } from './gatherer.ts';
import { Packing } from './packing.ts';
import type { OriginAnswer } from './ports.ts';
import type { Sender } from './sender.ts';

/** An answer that says it is small is awaited whole, but not longer than this. */
const COLLECT_MS = 100;
/** Two newlines and the seal, the difference between `"end":true` and `"end":false`, and the coding. */
const FRAME_TAIL_BYTES = 48;
/** A body frame's header line. */
const BODY_LINE_BYTES = 120;

export interface ResponseContext {
  readonly clock: Clock;
  readonly settle: (callback: () => void) => void;
  /** What the router undoes; null: nothing. */
  readonly coding: Coding | null;
  /** What the watch shows now. */
  readonly timings: () => PremisesTimings;
  /** There is something to send, or nothing more will come. */
  readonly changed: () => void;
}

/** `open`: more will follow. An error: what came of the answer has been sent, the rest will not come. */
export type ResponseState = 'open' | 'complete' | SallyportError;

export class ResponseFrames {
  readonly #exchange: string;
  readonly #answer: OriginAnswer;
  readonly #sender: Sender;
  readonly #clock: Clock;
  readonly #timings: () => PremisesTimings;
  readonly #body: Gatherer;
  readonly #packing: Packing;
  readonly #head: ResponseFrame;
  readonly #cancelCollect: () => void;
  /** Whether all that has already arrived has been read. */
  #settled: boolean;
  #headSent = false;
  #bytes = 0;
  #lastSentAt: number;

  constructor(
    exchange: string,
    method: string,
    answer: OriginAnswer,
    sender: Sender,
    { clock, settle, coding, timings, changed }: ResponseContext,
  ) {
    this.#exchange = exchange;
    this.#answer = answer;
    this.#sender = sender;
    this.#clock = clock;
    this.#timings = timings;
    this.#lastSentAt = clock.monotonic();
    this.#head = { type: 'response', exchange, n: 0, status: answer.status, headers: answer.headers, end: false };
    const length = declaredLength(answer);
    const packed = isCompressible(answer.headers) ? coding : null;
    this.#packing = new Packing(packed);
    const waiting = packed === null ? PAYLOAD_MAX_BYTES : DECODED_MAX_BYTES;
    this.#body = new Gatherer(answer.body, waiting, changed, () => clock.monotonic(), length);

    // RFC 9110 §6.4.1: whatever their headers say, these have no body.
    const bodyless = method === 'HEAD' || answer.status === 101 || answer.status === 204 || answer.status === 304;
    if (bodyless) this.#body.abandon();
    this.#settled = bodyless;

    const settled = () => {
      this.#settled = true;
      changed();
    };
    const small = length <= PAYLOAD_MAX_BYTES;
    this.#cancelCollect = small && !bodyless ? clock.after(COLLECT_MS, settled) : () => {};
    if (!small && !bodyless) settle(settled);
  }

  get headSent(): boolean {
    return this.#headSent;
  }

  get lastSentAt(): number {
    return this.#lastSentAt;
  }

  /** Since when the origin is awaited; null while it is not. */
  get awaitedSince(): number | null {
    return this.#body.readingSince;
  }

  get status(): number {
    return this.#answer.status;
  }

  /** Body bytes sent. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Body bytes that wait to be sent. */
  get size(): number {
    return this.#body.size;
  }

  /** Sends what may be sent now, and reads on. */
  advance(): ResponseState {
    const body = this.#body;
    try {
      while (this.#sender.ready) {
        if (!this.#headSent) {
          if (body.failure) return asSallyportError(body.failure.error, 'ERR_ORIGIN_ABORTED');
          if (!this.#settled && !body.ended) break;
          this.#sendHead();
        } else if (body.size > 0) {
          // Chunks that come while frames are on their way are joined; with nothing on its way none waits.
          const waits = body.size < this.#packing.full && !body.ended && !body.failure && !this.#sender.quiet;
          if (waits) break;
          this.#sendBody();
        } else if (body.failure) {
          return asSallyportError(body.failure.error, 'ERR_ORIGIN_ABORTED');
        } else if (body.ended) {
          this.#sendBody();
        } else {
          break;
        }
        if (body.done) return 'complete';
      }
    } catch (error) {
      return asSallyportError(error);
    }
    body.fill();
    return 'open';
  }

  abandon(): void {
    this.#cancelCollect();
    this.#body.abandon();
  }

  #sendHead(): void {
    this.#cancelCollect();
    const head = { ...this.#head, timings: this.#timings() };
    const lineBytes = Buffer.byteLength(JSON.stringify(head));
    if (lineBytes > HEADER_LINE_MAX_BYTES) {
      throw new SallyportError('ERR_ORIGIN_INVALID', `The answer's head takes ${lineBytes} bytes; at most ${HEADER_LINE_MAX_BYTES} fit.`);
    }
    const room = Math.floor((FRAME_MAX_BYTES - lineBytes - FRAME_TAIL_BYTES) / 4) * 3;
    this.#send(head, Math.min(room, PAYLOAD_MAX_BYTES), lineBytes);
    this.#headSent = true;
  }

  #sendBody(): void {
    const frame = { type: 'body', exchange: this.#exchange, n: this.#sender.next, end: false } as const;
    this.#send(frame, PAYLOAD_MAX_BYTES, BODY_LINE_BYTES);
  }

  #send(frame: ResponseFrame | BodyFrame, room: number, lineBytes: number): void {
    const { payload, bytes, coding } = this.#packing.take(this.#body, room, lineBytes);
    this.#sender.send({ ...frame, ...(coding && { coding }), end: this.#body.done }, payload, bytes);
    this.#bytes += bytes;
    this.#lastSentAt = this.#clock.monotonic();
  }
}

/** Infinity when the answer does not say. */
const declaredLength = ({ headers }: OriginAnswer): number => {
  const value = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1].trim() ?? '';
  return /^\d{1,15}$/.test(value) ? Number(value) : Number.POSITIVE_INFINITY;
};
