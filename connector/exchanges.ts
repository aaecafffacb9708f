// All exchanges of this connector. Opens each frame that comes over a tunnel and decides whether it may be acted on:
// genuine, for this connector, fresh, not seen before, its origin allowed, and room for it.
import { decode, type FrameKey, type OpenedFrame } from '../protocol/codec.ts';
import { asSallyportError, type ErrorCode, SallyportError } from '../protocol/errors.ts';
import type { RequestFrame } from '../protocol/frames.ts';
import { isToken } from '../protocol/headers.ts';
import { REQUEST_LIFETIME_MS, UPLOADS_OPEN_MAX } from '../protocol/limits.ts';
import type { Log } from '../protocol/log.ts';
import { type AllowedOrigin, findAllowed } from './allowlist.ts';
import { type Clock, withResolvers } from './clock.ts';
import { Exchange } from './exchange.ts';
import { type Admission, type ExchangeContext, unknownExchange } from './exchange-context.ts';
import type { Ledger } from './ledger.ts';
import { splitOriginUrl } from './origin-url.ts';
import type { CallOrigin, Post } from './ports.ts';
import type { ServiceClock } from './service-clock.ts';
import { isSocketFrame, type Sockets } from './sockets.ts';

/** How long an exchange's id is remembered: until its request frame has expired by any clock that was ever accepted. */
const REMEMBERED_MS = 2 * REQUEST_LIFETIME_MS + 5_000;
/** A frame may seem to be from before this process by as much as two of the service's clocks differ. */
const START_TOLERANCE_MS = 1_000;

export interface ExchangesPorts {
  readonly clock: Clock;
  readonly serviceClock: ServiceClock;
  readonly post: Post;
  readonly callOrigin: CallOrigin;
  readonly settle: (callback: () => void) => void;
  readonly allowlist: readonly AllowedOrigin[];
  readonly ledger: Ledger;
  readonly sockets: Sockets;
  /** Exchanges at once. */
  readonly limit: number;
  /** Whether an origin was reached when a request asked for it; null: it was. */
  readonly tried: ExchangeContext['tried'];
  readonly log: Log;
  /** Counts what becomes of frames and exchanges. */
  readonly count: (what: 'frame_refused' | 'exchange', outcome: string) => void;
}

interface Seen {
  /** Monotonic. */
  readonly until: number;
  /** When its request was issued; 0 where it has not come in time. */
  readonly issuedAt: number;
}

export class Exchanges {
  readonly #ports: ExchangesPorts;
  readonly #live = new Map<string, Exchange>();
  readonly #running = new Set<Exchange>();
  /** Finished, kept for a router that asks again; the oldest first. */
  readonly #lingering = new Set<Exchange>();
  /** Ids of requests that came, and until when each is remembered; the oldest first. */
  readonly #seen = new Map<string, Seen>();
  /** When the youngest request was issued whose id is no longer remembered. */
  #forgottenAt = 0;
  /** Connection ids of this process's tunnels, past ones too. */
  readonly #tunnels = new Set<string>();
  #connector: string | null = null;
  #draining = false;
  #idle: Array<() => void> = [];

  constructor(ports: ExchangesPorts) {
    this.#ports = ports;
  }

  /** Exchanges whose answer is not yet delivered. */
  get running(): number {
    return this.#running.size;
  }

  /** Who this connector is: from each welcome. */
  use(connector: string): void {
    this.#connector = connector;
  }

  /** A frame's text, as it came over a tunnel with this key. Never throws: what may not be acted on is logged with its code. */
  receive(text: string, key: FrameKey): void {
    try {
      this.#accept(this.#open(text, key));
    } catch (failure) {
      const error = asSallyportError(failure);
      this.#ports.count('frame_refused', error.code);
      this.#ports.log.warn('frame.refused', { error });
    }
  }

  /** A new tunnel is open: routers of running exchanges are told. */
  moved(connectionId: string): void {
    this.#tunnels.add(connectionId);
    for (const exchange of this.#running) exchange.moved(connectionId);
    this.#ports.sockets.moved(connectionId);
  }

  /** From now on new exchanges are refused, so that routers take another connector. */
  drain(): void {
    this.#draining = true;
  }

  /** Resolves when no exchange is running. */
  async whenIdle(): Promise<void> {
    if (this.#running.size === 0) return;
    const { promise, resolve } = withResolvers<void>();
    this.#idle.push(resolve);
    await promise;
  }

  /** Ends everything at once; resolves when users of WebSockets were told. */
  async close(): Promise<void> {
    for (const exchange of [...this.#live.values()]) exchange.forget();
    await this.#ports.sockets.close();
  }

  #open(text: string, key: FrameKey): OpenedFrame {
    // An exchange keeps its key for life, over whichever tunnel its frames come: so does the service.
    const opened = decode(text, (exchange) => this.#live.get(exchange)?.key ?? this.#ports.sockets.keyOf(exchange) ?? key);
    const { frame } = opened;
    if (frame.type === 'request' && frame.connector !== this.#connector) {
      throw new SallyportError('ERR_FRAME_FORGED', `A request for connector ${frame.connector} came to ${this.#connector}.`);
    }
    // Whatever was sent to a process before this one is none of this one's business, however fresh it is.
    if (frame.type === 'request' && frame.tunnel !== undefined && !this.#tunnels.has(frame.tunnel)) {
      throw new SallyportError('ERR_FRAME_REPLAYED', `A request for tunnel ${frame.tunnel} came over one of a later process.`);
    }
    return opened;
  }

  #accept(opened: OpenedFrame): void {
    if (isSocketFrame(opened)) {
      this.#ports.sockets.accept(opened);
      return;
    }
    const { frame } = opened;
    const live = this.#live.get(frame.exchange);
    switch (frame.type) {
      case 'request':
        if (live ? live.begun : this.#seen.has(frame.exchange)) {
          throw new SallyportError('ERR_FRAME_REPLAYED', `The request of exchange ${frame.exchange} came before.`);
        }
        break;
      case 'reply-to':
        if (!live && this.#seen.has(frame.exchange)) {
          void this.#ports.post(unknownExchange(frame, opened.key), frame.replyTo, () => true);
          return;
        }
        break;
      case 'part':
        // Its router had been told that the request has come: so it has ended, or another process had it.
        if (!live) {
          void this.#ports.post(unknownExchange({ exchange: frame.exchange, received: 0 }, opened.key), frame.replyTo, () => true);
          return;
        }
        break;
      case 'body':
      case 'credit':
      case 'cancel':
        // What an exchange leaves behind after its end needs no exchange.
        if (!live && this.#seen.has(frame.exchange)) return;
        break;
      default:
        throw new SallyportError('ERR_FRAME_INVALID', `A router sends no ${frame.type} frames.`);
    }
    // Frames may overtake the request that they belong to.
    (live ?? this.#create(frame.exchange, opened.key)).accept(opened);
  }

  #create(id: string, key: FrameKey): Exchange {
    const { clock, post, callOrigin, settle, log, ledger, tried } = this.#ports;
    const exchange = new Exchange(id, key, {
      clock,
      post,
      callOrigin,
      settle,
      log,
      tried,
      account: ledger.open(),
      admit: (request) => this.#admit(request),
      ageMs: (request) => this.#ports.serviceClock.now() - request.issuedAt,
      onSocket: (request, key, socket) => this.#ports.sockets.adopt(request, key, socket),
      onBegun: (begun) => {
        this.#remember(id);
        this.#running.add(begun);
      },
      onDelivered: (delivered) => {
        this.#ports.sockets.release(id);
        this.#lingering.add(delivered);
        this.#settle(delivered);
      },
      onClosed: (closed, outcome) => this.#closed(closed, outcome),
    });
    this.#live.set(id, exchange);
    return exchange;
  }

  /** Throws the code with which a request is refused. */
  #admit(request: RequestFrame): Admission {
    const { serviceClock, allowlist } = this.#ports;
    const age = serviceClock.now() - request.issuedAt;
    const tooOld = Math.max(serviceClock.startedAt() - START_TOLERANCE_MS, this.#forgottenAt + 1);
    if (Math.abs(age) > REQUEST_LIFETIME_MS || request.issuedAt < tooOld) {
      throw new SallyportError(
        'ERR_FRAME_EXPIRED',
        `The request was issued ${Math.round(age)} ms ago; ${REQUEST_LIFETIME_MS} ms are allowed.`,
      );
    }
    this.#remember(request.exchange, request.issuedAt);
    if (this.#draining) throw new SallyportError('ERR_CONNECTOR_DRAINING');
    this.#makeRoom();
    this.#checkUploads(request.upload?.owner);
    if (!isToken(request.method) || request.method.toUpperCase() === 'CONNECT') {
      throw new SallyportError('ERR_METHOD_REFUSED', `Method ${JSON.stringify(request.method)} is not carried.`);
    }
    const { url, origin, path } = splitOriginUrl(request.url);
    const allowed = findAllowed(allowlist, url);
    if (!allowed) {
      throw new SallyportError(
        'ERR_ORIGIN_NOT_ALLOWED',
        `${origin} is not in this connector's allowlist (${allowlist.map(({ text }) => text).join(' ') || 'empty'}). Add it to \`allow\` if it is meant.`,
      );
    }
    if (request.upgrade) this.#ports.sockets.reserve(request.exchange, origin, request.upgrade.owner);
    return { origin, path, loopbackAllowed: allowed.namesLoopback };
  }

  /** Gives up lingering frames before it refuses work. */
  #makeRoom(): void {
    const { ledger, limit } = this.#ports;
    for (const exchange of this.#lingering) {
      if (!ledger.full) break;
      exchange.forget();
    }
    if (ledger.full) this.#ports.sockets.makeRoom();
    // The request in question is among the running ones already.
    if (ledger.full || this.#running.size > limit) {
      throw new SallyportError('ERR_CONNECTOR_BUSY', `${this.#running.size - 1} exchanges hold ${ledger.held} of ${ledger.limit} bytes.`);
    }
  }

  /** Nobody may keep others out by beginning uploads that do not go on. */
  #checkUploads(owner: string | undefined): void {
    if (owner === undefined) return;
    // The request in question is among them already.
    const open = [...this.#running].filter(({ uploadOwner }) => uploadOwner === owner).length;
    if (open > UPLOADS_OPEN_MAX) throw new SallyportError('ERR_UPLOAD_LIMIT', `${UPLOADS_OPEN_MAX} uploads are under way.`);
  }

  #remember(id: string, issuedAt = this.#seen.get(id)?.issuedAt ?? 0): void {
    const now = this.#ports.clock.monotonic();
    for (const [old, seen] of this.#seen) {
      if (seen.until > now) break;
      this.#seen.delete(old);
      // Were the service's time turned back, its request would still be refused.
      this.#forgottenAt = Math.max(this.#forgottenAt, seen.issuedAt);
    }
    this.#seen.delete(id);
    this.#seen.set(id, { until: now + REMEMBERED_MS, issuedAt });
  }

  #closed(exchange: Exchange, outcome: ErrorCode | 'OK' | 'CANCELLED'): void {
    this.#live.delete(exchange.id);
    this.#lingering.delete(exchange);
    this.#ports.sockets.release(exchange.id);
    // A cancel that overtook its request must stop it too.
    this.#remember(exchange.id);
    this.#ports.count('exchange', outcome);
    this.#settle(exchange);
  }

  #settle(exchange: Exchange): void {
    if (!this.#running.delete(exchange) || this.#running.size > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
