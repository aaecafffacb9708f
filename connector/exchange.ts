// One exchange's life at the connector: request frames in, one call to the origin, response frames out.
// Everything it needs is passed in; it knows no sockets, no AWS and no real time.
import { encode, type FrameKey, type OpenedFrame } from '../protocol/codec.ts';
import { asSallyportError, type ErrorCode, SallyportError } from '../protocol/errors.ts';
import type { BodyFrame, ConnectorFrame, CreditFrame, ErrorFrame, PartFrame, ReplyToFrame, RequestFrame } from '../protocol/frames.ts';
import {
  EXCHANGE_MAX_MS,
  LINGER_BODY_MS,
  LINGER_MS,
  PROGRESS_FIRST_MS,
  PROGRESS_IDLE_MS,
  PROGRESS_WAIT_MS,
  RESUME_MS,
  SILENCE_WAIT_MS,
  UPLOAD_MAX_MS,
  UPLOAD_WAIT_MS,
} from '../protocol/limits.ts';
import type { Log } from '../protocol/log.ts';
import { Timers } from '../protocol/timers.ts';
import { type ExchangeContext, unknownExchange } from './exchange-context.ts';
import { IncomingRequest } from './incoming-request.ts';
import { refusedHandshake } from './origin-errors.ts';
import { OriginExchange } from './origin-exchange.ts';
import { PremisesWatch } from './premises-watch.ts';
import { Sender } from './sender.ts';

/** How long frames of an exchange wait for its request frame, which may have been overtaken. */
const EARLY_MS = 5_000;

/** How long an upload's router waits to hear that the origin can be reached: a little less than makes it take the connector for dead. */
const UPLOAD_CONNECT_MS = SILENCE_WAIT_MS - 1_000;

type Timer = 'early' | 'life' | 'connect' | 'progress' | 'resume' | 'linger';

export class Exchange {
  readonly id: string;
  readonly key: FrameKey;
  readonly #context: ExchangeContext;
  readonly #incoming: IncomingRequest;
  readonly #timers: Timers<Timer>;
  /** Announced before the request frame came: the frame may have been overtaken. */
  #earlyReplyTo: ReplyToFrame | null = null;
  #begun = false;
  #origin: OriginExchange | null = null;
  #sender: Sender | null = null;
  #outcome: ErrorCode | 'OK' = 'OK';
  #failure: SallyportError | null = null;
  #unsent = false;
  #tried: (code: ErrorCode | null) => void = () => {};
  #ended = false;
  #closed = false;
  #beganAt = 0;
  #uploadOwner: string | null = null;
  #watch: PremisesWatch | null = null;
  #log: Log;

  constructor(id: string, key: FrameKey, context: ExchangeContext) {
    this.id = id;
    this.key = key;
    this.#context = context;
    this.#log = context.log.with({ exchange: id });
    this.#timers = new Timers(context.clock);
    this.#incoming = new IncomingRequest({
      clock: context.clock,
      tell: (frame, replyTo) => this.#tell(frame, replyTo),
      fail: (error) => this.#fail(error),
      resized: () => this.#account(),
      uploaded: () => this.#advance(),
    });
  }

  /** Whose open upload it is; null: none, or nobody said. */
  get uploadOwner(): string | null {
    return this.#ended ? null : this.#uploadOwner;
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
      for (const { frame: next, payload } of this.#incoming.inOrder(frame.n, opened)) {
        if (next.type === 'request') this.#begin(next, payload);
        else if (next.type === 'body') this.#incoming.receive(payload, next.end);
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
    this.#uploadOwner = request.upload?.owner ?? null;
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

    const { url, verifyCertificate } = request;
    this.#tried = (code) => this.#context.tried({ origin: new URL(url).origin, verifyCertificate }, code);
    this.#incoming.expect(request);
    try {
      this.#call(request, payload);
    } catch (error) {
      this.#fail(asSallyportError(error));
    }
  }

  /** Throws what the request is refused with. */
  #call(request: RequestFrame, payload: Buffer): void {
    const { clock, callOrigin, settle, admit, onSocket } = this.#context;
    const admission = admit(request);
    this.#log = this.#log.with({ origin: admission.origin });
    this.#timers.arm('progress', PROGRESS_FIRST_MS, () => this.#progress());
    this.#origin = new OriginExchange({
      ...{ clock, callOrigin, settle, request, admission, sender: this.#sender!, watch: this.#watch! },
      body: this.#incoming.begin(request, payload),
      connected: () => this.#incoming.beginUpload(admission.origin),
      answered: () => {
        this.#tried(null);
        this.#incoming.answered();
      },
      onSocket: (socket) => onSocket(request, this.key, socket),
      fail: (error) => this.#fail(error),
      changed: () => this.#advance(),
    });
    // Whatever the origin is doing, the router must hear something in time.
    if (request.upload) this.#timers.arm('connect', UPLOAD_CONNECT_MS, () => this.#incoming.beginUpload(admission.origin));
    this.#origin.call();
  }

  #takePart(frame: PartFrame, payload: Buffer): void {
    try {
      if (this.#failure) this.#tell(this.#errorFrame(this.#failure), frame.replyTo);
      else this.#incoming.takePart(frame, payload);
    } catch (error) {
      this.#fail(asSallyportError(error));
    }
    this.#account();
  }

  /** To a router that has a part in hand: the response waits for one of its own. */
  #tell(frame: ConnectorFrame, replyTo: string): void {
    void this.#context.post(encode(frame, this.key), replyTo, () => !this.#closed);
  }

  /** Does whatever has become possible. */
  #advance(): void {
    if (this.#closed) return;
    const sender = this.#sender!;
    const { upload } = this.#incoming;
    if (sender.lost && (this.#ended || !upload?.unfinished)) {
      this.#timers.armOnce('resume', upload ? UPLOAD_WAIT_MS : RESUME_MS, () => this.#lose());
    } else {
      this.#timers.disarm('resume');
    }

    if (this.#origin && !this.#ended) {
      const state = this.#origin.advance();
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
      if (this.#incoming.upload) this.#sender.note({ type: 'progress', exchange: this.id, received: this.#incoming.received });
      return;
    }
    this.#log.warn('exchange.lost', { code: 'ERR_EXCHANGE_LOST', received: frame.received });
    this.#close('ERR_EXCHANGE_LOST');
  }

  #progress(): void {
    const idleFor = this.#context.clock.monotonic() - (this.#origin?.lastSentAt ?? 0);
    const headSent = this.#origin?.headSent ?? false;
    if (!headSent || idleFor >= PROGRESS_IDLE_MS) {
      this.#sender?.note({ type: 'progress', exchange: this.id, received: this.#incoming.received });
    }
    const wait = headSent ? (idleFor >= PROGRESS_IDLE_MS ? PROGRESS_IDLE_MS : PROGRESS_IDLE_MS - idleFor) : PROGRESS_WAIT_MS;
    this.#timers.arm('progress', wait, () => this.#progress());
  }

  /** Ends the exchange with an error frame, after what has been sent already. */
  #fail(error: SallyportError): void {
    if (this.#ended || this.#closed || !this.#sender) return;
    this.#origin?.abandon(error);
    this.#incoming.abandon();
    this.#failure = error;
    this.#unsent = this.#nothingSent(error);
    if (!this.#unsent) this.#tried(null);
    else if (error.code.startsWith('ERR_ORIGIN_')) this.#tried(error.code);
    const frame = this.#errorFrame(error);
    this.#sender.send(frame);
    // Its response would wait for a router that asks; this one waits to hear how far the upload is.
    if (this.#incoming.uploadReplyTo !== null) this.#tell(frame, this.#incoming.uploadReplyTo);
    this.#log.warn('exchange.failed', { code: error.code, error });
    this.#end(error.code);
    this.#advance();
  }

  #errorFrame({ code, message }: SallyportError): ErrorFrame {
    return { type: 'error', exchange: this.id, n: this.#sender!.next, code, message, unsent: this.#unsent, timings: this.#watch?.read() };
  }

  /** Whether the origin has got nothing, so that another connector may try. */
  #nothingSent(error: SallyportError): boolean {
    const connections = this.#watch?.connections ?? 0;
    return connections === 0 || (connections === 1 && refusedHandshake(error));
  }

  #end(outcome: ErrorCode | 'OK'): void {
    this.#ended = true;
    this.#outcome = outcome;
    this.#timers.disarm('progress');
    this.#timers.disarm('connect');
    this.#incoming.stop();
    const { status, bytes } = this.#origin?.sent ?? {};
    const ms = Math.round(this.#context.clock.monotonic() - this.#beganAt);
    if (outcome === 'OK') this.#log.info('exchange.finished', { status, bytes, ms });
    // What is left is kept for seconds: the frames, should the router ask for them again, and no more than that.
    this.#origin?.end();
    this.#origin = null;
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
    this.#origin?.abandon(new SallyportError('ERR_EXCHANGE_LOST', 'The exchange is over.'));
    this.#timers.clear();
    this.#incoming.stop();
    this.#incoming.abandon();
    this.#sender?.close();
    this.#context.account.note(0);
    this.#context.onClosed(this, outcome);
  }

  #account(): void {
    if (this.#closed) return;
    this.#context.account.note((this.#sender?.size ?? 0) + (this.#origin?.size ?? 0) + this.#incoming.size);
  }
}
