// The origin's side of an exchange: one call to it, how long it may take, and its answer as response frames.
import { CODINGS } from '../protocol/coding.ts';
import { asSallyportError, SallyportError } from '../protocol/errors.ts';
import type { RequestFrame } from '../protocol/frames.ts';
import { Timers } from '../protocol/timers.ts';
import type { Admission, ExchangeContext } from './exchange-context.ts';
import type { OriginAnswer, OriginCall, OriginSocket } from './ports.ts';
import type { PremisesWatch } from './premises-watch.ts';
import { ResponseFrames, type ResponseState } from './response-frames.ts';
import type { Sender } from './sender.ts';
import { originTimeout } from './upload.ts';

export interface OriginExchangeOptions extends Pick<ExchangeContext, 'clock' | 'callOrigin' | 'settle'> {
  readonly request: RequestFrame;
  readonly admission: Admission;
  readonly body: OriginCall['body'];
  readonly sender: Sender;
  readonly watch: PremisesWatch;
  /** The request is about to be sent. */
  readonly connected: () => void;
  /** The origin's head is here. */
  readonly answered: () => void;
  readonly onSocket: (socket: OriginSocket) => void;
  readonly fail: (error: SallyportError) => void;
  /** There is something to send, or nothing more will come. */
  readonly changed: () => void;
}

export class OriginExchange {
  readonly #options: OriginExchangeOptions;
  readonly #timers: Timers<'timeout' | 'idle'>;
  readonly #abort = new AbortController();
  #response: ResponseFrames | null = null;
  #over = false;

  constructor(options: OriginExchangeOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  get headSent(): boolean {
    return this.#response?.headSent ?? false;
  }

  get lastSentAt(): number {
    return this.#response?.lastSentAt ?? 0;
  }

  /** Body bytes that wait to be sent. */
  get size(): number {
    return this.#response?.size ?? 0;
  }

  /** What has been sent of the answer, for the log. */
  get sent(): { readonly status?: number; readonly bytes?: number } {
    return this.#response === null ? {} : { status: this.#response.status, bytes: this.#response.bytes };
  }

  call(): void {
    const { request, admission, body, watch, callOrigin, fail } = this.#options;
    const { method, headers, verifyCertificate, timeoutMs, signOn, upgrade } = request;
    const { signal } = this.#abort;
    // An upload keeps the origin's time itself, since it is not always the origin that is awaited.
    if (!request.upload) this.#timers.arm('timeout', timeoutMs, () => fail(originTimeout(admission.origin, timeoutMs)));
    const connected = () => {
      watch.connected();
      this.#options.connected();
    };
    callOrigin({ method, ...admission, headers, body, verifyCertificate, signOn, upgrade, signal, connected }).then(
      (answer) => this.#answer(answer),
      (error: unknown) => fail(asSallyportError(error)),
    );
  }

  /** Sends what may be sent now. */
  advance(): ResponseState {
    return this.#response?.advance() ?? 'open';
  }

  /** Nothing more is sent; what was made of the answer is let go. */
  end(): void {
    this.#over = true;
    this.#timers.clear();
    this.#response = null;
  }

  /** Whoever is at work on it is told why it is in vain. */
  abandon(reason: SallyportError): void {
    this.#abort.abort(reason);
    this.#response?.abandon();
    this.end();
  }

  #answer(answer: OriginAnswer): void {
    const { request, sender, watch, clock, settle, answered, onSocket, changed } = this.#options;
    watch.answered();
    this.#timers.disarm('timeout');
    answered();
    if (this.#over) {
      answer.socket?.terminate();
      return;
    }
    if (answer.socket) onSocket(answer.socket);
    const coding = CODINGS.find((known) => request.codings?.includes(known)) ?? null;
    const context = { clock, settle, coding, timings: () => watch.read(), changed };
    this.#response = new ResponseFrames(request.exchange, request.method, answer, sender, context);
    changed();
    if (request.idleTimeoutMs !== undefined && !this.#over) this.#watchIdle(request.idleTimeoutMs);
  }

  /** One timer for the whole body: it is not set anew for each chunk, it looks how long the next one has been awaited. */
  #watchIdle(idleTimeoutMs: number): void {
    const now = this.#options.clock.monotonic();
    const left = (this.#response?.awaitedSince ?? now) + idleTimeoutMs - now;
    if (left > 0) {
      this.#timers.arm('idle', left, () => this.#watchIdle(idleTimeoutMs));
      return;
    }
    const { origin } = this.#options.admission;
    this.#options.fail(
      new SallyportError('ERR_ORIGIN_SILENT', `${origin} sent nothing for ${idleTimeoutMs} ms in the middle of its answer.`),
    );
  }
}
