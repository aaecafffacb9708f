// The request's side of an exchange: its frames in order, and its body on the way to the origin, whether it comes with the request or in
// parts of an upload.
import type { OpenedFrame } from '../protocol/codec.ts';
import type { SallyportError } from '../protocol/errors.ts';
import type { PartFrame, RequestFrame, TakenFrame } from '../protocol/frames.ts';
import { PAYLOAD_MAX_BYTES, REASSEMBLY_MAX_FRAMES, REQUEST_BODY_MAX_BYTES } from '../protocol/limits.ts';
import { Reassembly } from '../protocol/reassembly.ts';
import type { Clock } from './clock.ts';
import { RequestBody } from './request-body.ts';
import { Upload } from './upload.ts';

export interface IncomingRequestOptions {
  readonly clock: Clock;
  /** To the router that has sent the last part. */
  readonly tell: (frame: TakenFrame, replyTo: string) => void;
  readonly fail: (error: SallyportError) => void;
  /** What is held has changed. */
  readonly resized: () => void;
  /** The origin has taken the whole upload. */
  readonly uploaded: () => void;
}

export class IncomingRequest {
  readonly #options: IncomingRequestOptions;
  readonly #frames = new Reassembly<OpenedFrame>({
    frames: REASSEMBLY_MAX_FRAMES,
    bytes: REQUEST_BODY_MAX_BYTES + PAYLOAD_MAX_BYTES,
  });
  #body: RequestBody | null = null;
  #upload: Upload | null = null;
  /** Of an upload that has not begun. */
  #expected: RequestFrame | null = null;
  /** The router that waits to hear whether it has. */
  #askedBy: string | null = null;

  constructor(options: IncomingRequestOptions) {
    this.#options = options;
  }

  /** Frames received without a gap. */
  get received(): number {
    return this.#frames.received;
  }

  get upload(): Upload | null {
    return this.#upload;
  }

  /** Where the router that has sent last hears of an upload; null where the body comes otherwise. */
  get uploadReplyTo(): string | null {
    return this.#upload?.replyTo ?? this.#askedBy;
  }

  /** Bytes held. */
  get size(): number {
    return (this.#body?.size ?? 0) + (this.#upload?.heldBytes ?? 0) + this.#frames.heldBytes;
  }

  /** What has come into order by this frame. Throws what a frame out of all order is refused with. */
  inOrder(n: number, opened: OpenedFrame): readonly OpenedFrame[] {
    return this.#frames.accept(n, opened, opened.payload.length);
  }

  /** The body as the call to the origin takes it, which begins with this payload; null: there is none at all. */
  begin(request: RequestFrame, payload: Buffer): RequestBody | Buffer | null {
    if (request.hasBody && !request.end) {
      const keptMax = request.upload ? REQUEST_BODY_MAX_BYTES : Number.POSITIVE_INFINITY;
      this.#body = new RequestBody(() => this.#moved(), request.signOn !== undefined, keptMax);
    }
    this.#body?.push(payload);
    return request.hasBody ? (this.#body ?? payload) : null;
  }

  /** A request has come whose body may be an upload. */
  expect(request: RequestFrame): void {
    if (!request.upload) return;
    this.#expected = request;
    this.#askedBy = request.replyTo;
  }

  /** Its router is told that the upload goes on here: once there is a connection to the origin, another connector cannot have it. */
  beginUpload(origin: string): void {
    if (this.#expected === null || !this.#body) return;
    const { exchange, upload, timeoutMs } = this.#expected;
    this.#expected = null;
    const { clock, tell, fail, uploaded } = this.#options;
    this.#upload = new Upload({
      ...{ clock, exchange, length: upload!.length, replyTo: this.#askedBy!, body: this.#body, origin, timeoutMs },
      ...{ tell, fail, changed: uploaded },
    });
  }

  receive(payload: Buffer, end: boolean): void {
    this.#body?.push(payload);
    if (end) this.#body?.end();
  }

  /** Throws ERR_FRAME_INVALID. */
  takePart(frame: PartFrame, payload: Buffer): void {
    if (this.#expected !== null) this.#askedBy = frame.replyTo;
    this.#upload?.accept(frame, payload);
  }

  /** The origin has answered: it is not asked a second time. */
  answered(): void {
    this.#upload?.answered();
    this.#body?.release();
  }

  /** Nothing more of an upload is awaited. */
  stop(): void {
    this.#expected = null;
    this.#upload?.stop();
  }

  abandon(): void {
    this.#body?.abandon();
  }

  #moved(): void {
    this.#options.resized();
    this.#upload?.moved();
  }
}
