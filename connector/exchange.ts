// One exchange's life at the connector: request frames in, one call to the origin, response frames out.
// Everything it needs is passed in; it knows no sockets, no AWS and no real time.
import { encode, type FrameKey, type OpenedFrame } from '../protocol/codec.ts';
import { CODINGS } from '../protocol/coding.ts';
import { asSallyportError, type ErrorCode, SallyportError } from '../protocol/errors.ts';
import type { BodyFrame, ConnectorFrame, CreditFrame, ErrorFrame, PartFrame, ReplyToFrame, RequestFrame } from '../protocol/frames.ts';
import {
  EXCHANGE_MAX_MS,
  LINGER_BODY_MS,
  LINGER_MS,
  PAYLOAD_MAX_BYTES,
  PROGRESS_FIRST_MS,
  PROGRESS_IDLE_MS,
  PROGRESS_WAIT_MS,
  REASSEMBLY_MAX_FRAMES,
  REQUEST_BODY_MAX_BYTES,
  RESUME_MS,
  UPLOAD_MAX_MS,
  UPLOAD_WAIT_MS,
} from '../protocol/limits.ts';
import type { Log } from '../protocol/log.ts';
import { Reassembly } from '../protocol/reassembly.ts';
import { type Admission, type ExchangeContext, unknownExchange } from './exchange-context.ts';
import { PremisesWatch } from './premises-watch.ts';
import { RequestBody } from './request-body.ts';
import { ResponseFrames } from './response-frames.ts';
import { Sender } from './sender.ts';
import { Timers } from './timers.ts';
import { originTimeout, Upload } from './upload.ts';

/** How long frames of an exchange wait for its request frame, which may have been overtaken. */
const EARLY_MS = 5_000;

type Timer = 'early' | 'life' | 'timeout' | 'idle' | 'progress' | 'resume' | 'linger';

export class Exchange {
  readonly id: string;
  readonly key: FrameKey;
  readonly #context: ExchangeContext;
  readonly #incoming = new Reassembly<OpenedFrame>({
    frames: REASSEMBLY_MAX_FRAMES,
    bytes: REQUEST_BODY_MAX_BYTES + PAYLOAD_MAX_BYTES,
  });
  readonly #timers: Timers<Timer>;
  readonly #abort = new AbortController();
  /** Announced before the request frame came: the frame may have been overtaken. */
  #earlyReplyTo: ReplyToFrame | null = null;
  #begun = false;
  #body: RequestBody | null = null;
  #upload: Upload | null = null;
  #sender: Sender | null = null;
  #response: ResponseFrames | null = null;
  #outcome: ErrorCode | 'OK' = 'OK';
  #failure: SallyportError | null = null;
  #ended = false;
  #closed = false;
  #beganAt = 0;
  #watch: PremisesWatch | null = null;
  #log: Log;

  constructor(id: string, key: FrameKey, context: ExchangeContext) {
    this.id = id;
    this.key = key;
    this.#context = context;
    this.#log = context.log.with({ exchange: id });
    this.#timers = new Timers(context.clock);
  }

  /** Whether its request frame has come. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Takes a frame that the codec opened. Frames that a router does not send are not passed here. */
  accept(opened: OpenedFrame): void {
    if (this.#closed) return;
    const { frame } = opened;
    if (frame.type === 'request' || frame.type === 'body') this.#take(frame, opened);
    else if (frame.type === 'part') this.#takePart(frame, opened.payload);
    else if (frame.type === 'credit') this.#credit(frame);
    else if (frame.type === 'reply-to') this.#resume(frame);
    else if (frame.type === 'cancel') this.#close('CANCELLED');
    if (!this.#begun && !this.#closed) this.#timers.armOnce('early', EARLY_MS, () => this.#giveUpWaiting());
  }

  /** The connector has a new tunnel: the router is told to send what is left there. */
  moved(tunnel: string): void {
    if (this.#ended) return;
    this.#sender?.note({ type: 'moved', exchange: this.id, tunnel, received: this.#incoming.received });
  }

  /** Forgets everything at once: the process ends, or memory is needed. */
  forget(): void {
    this.#close(this.#outcome);
  }

  #take(frame: RequestFrame | BodyFrame, opened: OpenedFrame): void {
    try {
      for (const { frame: next, payload } of this.#incoming.accept(frame.n, opened, opened.payload.length)) {
        if (next.type === 'request') this.#begin(next, payload);
        else if (next.type === 'body') this.#receive(payload, next.end);
      }
    } catch (error) {
      const failure = asSallyportError(error);
      if (this.#sender) this.#fail(failure);
      else this.#refuseEarly(failure);
    }
    this.#account();
  }

  #begin(request: RequestFrame, payload: Buffer): void {
    this.#timers.disarm('early');
    // By then nobody can be waiting, whatever cancel was lost.
    this.#timers.arm('life', request.upload ? UPLOAD_MAX_MS : EXCHANGE_MAX_MS, () => this.#lose());
    this.#begun = true;
    this.#beganAt = this.#context.clock.monotonic();
    this.#watch = new PremisesWatch(this.#context.clock, this.#context.ageMs(request));
    this.#log = this.#log.with({ application: request.application, user: request.user, method: request.method });
    this.#sender = new Sender({
      replyTo: this.#earlyReplyTo?.replyTo ?? (request.upload ? null : request.replyTo),
      key: this.key,
      post: this.#context.post,
      changed: () => this.#advance(),
    });
    this.#context.onBegun(this);

    try {
      const admission = this.#context.admit(request);
      this.#log = this.#log.with({ origin: admission.origin });
      if (request.hasBody && !request.end) {
        const keptMax = request.upload ? REQUEST_BODY_MAX_BYTES : Number.POSITIVE_INFINITY;
        this.#body = new RequestBody(() => this.#bodyChanged(), request.signOn !== undefined, keptMax);
      }
      this.#body?.push(payload);
      this.#call(request, admission, request.hasBody ? (this.#body ?? payload) : null);
      this.#openUpload(request, admission);
    } catch (error) {
      this.#fail(asSallyportError(error));
    }
  }

  #receive(payload: Buffer, end: boolean): void {
    this.#body?.push(payload);
    if (end) this.#body?.end();
  }

  #openUpload({ upload, replyTo, timeoutMs }: RequestFrame, { origin }: Admission): void {
    if (!upload || !this.#body) return;
    this.#upload = new Upload({
      ...{ clock: this.#context.clock, exchange: this.id, length: upload.length, replyTo, body: this.#body, origin, timeoutMs },
      tell: (frame, to) => this.#tell(frame, to),
      fail: (error) => this.#fail(error),
      changed: () => this.#advance(),
    });
  }

  #takePart(frame: PartFrame, payload: Buffer): void {
    try {
      if (this.#failure) this.#tell(this.#errorFrame(this.#failure), frame.replyTo);
      else this.#upload?.accept(frame, payload);
    } catch (error) {
      this.#fail(asSallyportError(error));
    }
    this.#account();
  }

  /** To a router that has a part in hand: the response waits for one of its own. */
  #tell(frame: ConnectorFrame, replyTo: string): void {
    void this.#context.post(encode(frame, this.key), replyTo, () => !this.#closed);
  }

  #call(request: RequestFrame, { origin, path, loopbackAllowed }: Admission, body: RequestBody | Buffer | null): void {
    const { method, headers, verifyCertificate, timeoutMs, signOn, upgrade } = request;
    const { signal } = this.#abort;
    this.#timers.arm('progress', PROGRESS_FIRST_MS, () => this.#progress());
    // An upload keeps the origin's time itself, since it is not always the origin that is awaited.
    if (!request.upload) this.#timers.arm('timeout', timeoutMs, () => this.#fail(originTimeout(origin, timeoutMs)));
    const watch = this.#watch!;
    const connected = () => watch.connected();
    const call = { method, origin, path, headers, body, verifyCertificate, loopbackAllowed, signOn, upgrade, signal, connected };
    this.#context.callOrigin(call).then(
      (answer) => {
        watch.answered();
        this.#upload?.answered();
        this.#timers.disarm('timeout');
        this.#body?.release();
        if (this.#ended || this.#closed) return answer.socket?.terminate();
        if (answer.socket) this.#context.onSocket(request, this.key, answer.socket);
        const { clock, settle } = this.#context;
        const timings = () => watch.read();
        const coding = CODINGS.find((known) => request.codings?.includes(known)) ?? null;
        const context = { clock, settle, coding, timings, changed: () => this.#advance() };
        this.#response = new ResponseFrames(this.id, method, answer, this.#sender!, context);
        this.#advance();
        if (request.idleTimeoutMs !== undefined && !this.#ended) this.#watchIdle(origin, request.idleTimeoutMs);
      },
      (error: unknown) => this.#fail(asSallyportError(error, 'ERR_ORIGIN_UNREACHABLE')),
    );
  }

  /** One timer for the whole body: it is not set anew for each chunk, it looks how long the next one has been awaited. */
  #watchIdle(origin: string, idleTimeoutMs: number): void {
    const now = this.#context.clock.monotonic();
    const left = (this.#response?.awaitedSince ?? now) + idleTimeoutMs - now;
    if (left > 0) this.#timers.arm('idle', left, () => this.#watchIdle(origin, idleTimeoutMs));
    else this.#fail(new SallyportError('ERR_ORIGIN_SILENT', `${origin} sent nothing for ${idleTimeoutMs} ms in the middle of its answer.`));
  }

  /** Does whatever has become possible. */
  #advance(): void {
    if (this.#closed) return;
    const sender = this.#sender!;
    if (sender.lost && (this.#ended || !this.#upload?.unfinished)) {
      this.#timers.armOnce('resume', this.#upload ? UPLOAD_WAIT_MS : RESUME_MS, () => this.#lose());
    } else {
      this.#timers.disarm('resume');
    }

    if (this.#response && !this.#ended) {
      const state = this.#response.advance();
      if (state === 'complete') this.#end('OK');
      else if (state !== 'open') this.#fail(state);
    }
    if (this.#ended) this.#retire(sender);
    this.#account();
  }

  /** The last frame is on its way: it is kept until the router has it, and a little longer in case the router asks again. */
  #retire(sender: Sender): void {
    if (sender.acknowledged) {
      this.#close(this.#outcome);
    } else if (sender.lost || !sender.quiet) {
      this.#timers.disarm('linger');
    } else {
      this.#context.onDelivered(this);
      const lingerMs = sender.next > 1 ? LINGER_BODY_MS : LINGER_MS;
      this.#timers.armOnce('linger', lingerMs, () => this.#close(this.#outcome));
    }
  }

  #credit({ received, limit }: CreditFrame): void {
    this.#sender?.acknowledge(received, limit);
  }

  #resume(frame: ReplyToFrame): void {
    if (!this.#sender) {
      this.#earlyReplyTo = frame;
      return;
    }
    if (this.#sender.resume(frame.replyTo, frame.received)) {
      // Its router has sent nothing that would be answered, and must know that somebody is here.
      if (this.#upload) this.#sender.note({ type: 'progress', exchange: this.id, received: this.#incoming.received });
      return;
    }
    this.#log.warn('exchange.lost', { code: 'ERR_EXCHANGE_LOST', received: frame.received });
    this.#close('ERR_EXCHANGE_LOST');
  }

  #progress(): void {
    const idleFor = this.#context.clock.monotonic() - (this.#response?.lastSentAt ?? 0);
    const headSent = this.#response?.headSent ?? false;
    if (!headSent || idleFor >= PROGRESS_IDLE_MS) {
      this.#sender?.note({ type: 'progress', exchange: this.id, received: this.#incoming.received });
    }
    const wait = headSent ? (idleFor >= PROGRESS_IDLE_MS ? PROGRESS_IDLE_MS : PROGRESS_IDLE_MS - idleFor) : PROGRESS_WAIT_MS;
    this.#timers.arm('progress', wait, () => this.#progress());
  }

  /** Ends the exchange with an error frame, after what has been sent already. */
  #fail(error: SallyportError): void {
    if (this.#ended || this.#closed || !this.#sender) return;
    this.#abort.abort(error);
    this.#body?.abandon();
    this.#response?.abandon();
    this.#failure = error;
    const frame = this.#errorFrame(error);
    this.#sender.send(frame);
    if (this.#upload) this.#tell(frame, this.#upload.replyTo);
    this.#log.warn('exchange.failed', { code: error.code, error });
    this.#end(error.code);
    this.#advance();
  }

  #errorFrame({ code, message }: SallyportError): ErrorFrame {
    return { type: 'error', exchange: this.id, n: this.#sender!.next, code, message, timings: this.#watch?.read() };
  }

  #end(outcome: ErrorCode | 'OK'): void {
    this.#ended = true;
    this.#outcome = outcome;
    this.#timers.disarm('progress');
    this.#timers.disarm('timeout');
    this.#timers.disarm('idle');
    this.#upload?.stop();
    const { status, bytes } = this.#response ?? {};
    const ms = Math.round(this.#context.clock.monotonic() - this.#beganAt);
    if (outcome === 'OK') this.#log.info('exchange.finished', { status, bytes, ms });
    // What is left is kept for seconds: the frames, should the router ask for them again, and no more than that.
    this.#response = null;
    this.#watch = null;
  }

  /** No router has asked for the frames in time, or can any more. */
  #lose(): void {
    this.#log.warn('exchange.lost', { code: 'ERR_EXCHANGE_LOST' });
    this.#close('ERR_EXCHANGE_LOST');
  }

  /** Frames came, but no request among them. */
  #giveUpWaiting(): void {
    const early = this.#earlyReplyTo;
    if (early) this.#context.post(unknownExchange(early, this.key), early.replyTo, () => true);
    this.#refuseEarly(new SallyportError('ERR_EXCHANGE_UNKNOWN', 'Frames came without the request that they belong to.'));
  }

  #refuseEarly(error: SallyportError): void {
    this.#log.warn('frame.refused', { error });
    this.#close(error.code);
  }

  #close(outcome: ErrorCode | 'OK' | 'CANCELLED'): void {
    if (this.#closed) return;
    this.#closed = true;
    if (outcome === 'CANCELLED' && !this.#ended) this.#log.info('exchange.cancelled');
    if (!this.#ended) this.#abort.abort(new SallyportError('ERR_EXCHANGE_LOST', 'The exchange is over.'));
    this.#timers.clear();
    this.#upload?.stop();
    this.#body?.abandon();
    this.#response?.abandon();
    this.#sender?.close();
    this.#context.account.note(0);
    this.#context.onClosed(this, outcome);
  }

  #bodyChanged(): void {
    this.#account();
    this.#upload?.moved();
  }

  #account(): void {
    if (this.#closed) return;
    this.#context.account.note(
      (this.#sender?.size ?? 0) +
        (this.#body?.size ?? 0) +
        (this.#response?.size ?? 0) +
        (this.#upload?.heldBytes ?? 0) +
        this.#incoming.heldBytes,
    );
  }
}
