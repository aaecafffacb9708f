// What is known so far of the request in hand: for the lines of the log about it, and for the answer should it fail.
import type { SallyportError } from '../../protocol/errors.ts';
import type { Log } from '../../protocol/log.ts';
import type { Application } from '../stores/records.ts';
import type { Answer } from './answer.ts';
import { type Asked, askedBy, challengeOf, refusalOf } from './audit-request.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { type Cors, NO_CORS } from './cors.ts';
import type { Exchange } from './exchange.ts';
import type { Clock } from './ports.ts';

export class Trace {
  readonly startedAt: number;
  readonly log: Log;
  /** What is decided on: of an upload or a WebSocket, the request that was made of it. Null where it could not be read. */
  request: CanonicalRequest | null = null;
  application: Application | null = null;
  cors: Cors = NO_CORS;
  user: string | undefined;
  /** The application's answer. */
  status: number | undefined;
  exchange: Exchange | null = null;
  upload: { readonly exchange: string; readonly connector: string } | null = null;
  /** Which answer of the router's own it was. */
  answer: string | undefined;
  readonly #method: string;
  readonly #clock: Pick<Clock, 'now'>;
  #resolved: number | undefined;
  #admitted: number | undefined;

  constructor(method: string, clock: Pick<Clock, 'now'>, log: Log) {
    this.startedAt = clock.now();
    this.log = log;
    this.#method = method;
    this.#clock = clock;
  }

  /** The id that a user may name to an administrator; null before there is an exchange. */
  get exchangeId(): string | null {
    return this.exchange?.id ?? this.upload?.exchange ?? null;
  }

  resolved(application: Application): void {
    this.application = application;
    this.#resolved = this.#ms();
  }

  /** The passes that may refuse are through. */
  admitted(): void {
    this.#admitted = this.#ms();
  }

  own(what: string, answer: Answer): Answer {
    this.answer = what;
    return answer;
  }

  tell(level: 'info' | 'warn' | 'error', event: string, fields: object): void {
    this.log[level](event, {
      ...this.upload,
      ...(this.exchange && { exchange: this.exchange.id, connector: this.exchange.connector, ...this.exchange.course }),
      ...{ application: this.application?.id, user: this.user, status: this.status },
      ...{ resolved: this.#resolved, admitted: this.#admitted, answer: this.answer },
      ...{ method: this.request?.method, host: this.request?.host, ms: this.#ms() },
      ...fields,
    });
  }

  tellAnswer({ status }: Answer): void {
    const audit = this.answer === 'step-up' ? challengeOf(this.#asked(), status) : undefined;
    this.tell('info', 'request.answered', { status, audit });
  }

  /** `begun`: whether the user had a head of an answer by then, which stands whatever becomes of its body. */
  tellFailure(error: SallyportError, begun: boolean): void {
    const { hop } = error.traits;
    const level = error.code === 'ERR_INTERNAL' ? 'error' : hop === 'user' ? 'info' : 'warn';
    const refused = hop === 'user' ? (this.application === null ? 'request.refused' : 'exchange.refused') : 'request.failed';
    const status = begun && this.status !== undefined ? this.status : error.traits.status;
    const event = this.exchange === null ? refused : 'exchange.failed';
    this.tell(level, event, { hop, status, error, audit: refusalOf(this.#asked(), error) });
  }

  #asked(): Asked {
    return askedBy(this.request, this.#method, { user: this.user, application: this.application?.id });
  }

  #ms(): number {
    return this.#clock.now() - this.startedAt;
  }
}
