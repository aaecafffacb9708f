// What an exchange is given by those who keep it, and what they say in place of one that they do not have.
import { encode, type FrameKey } from '../protocol/codec.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { ReplyToFrame, RequestFrame } from '../protocol/frames.ts';
import type { Log } from '../protocol/log.ts';
import type { Clock } from './clock.ts';
import type { Exchange } from './exchange.ts';
import type { Account } from './ledger.ts';
import type { CallOrigin, OriginSocket, Post } from './ports.ts';

/** What may be called for a request. */
export interface Admission {
  readonly origin: string;
  readonly path: string;
  readonly loopbackAllowed: boolean;
}

export interface ExchangeContext {
  readonly clock: Clock;
  readonly post: Post;
  readonly callOrigin: CallOrigin;
  /** Calls back once what has already arrived has been read: a few turns of the event loop, no time. */
  readonly settle: (callback: () => void) => void;
  readonly log: Log;
  /** Whether the origin was reached; null: it was. */
  readonly tried: (target: { readonly origin: string; readonly verifyCertificate: boolean }, code: ErrorCode | null) => void;
  readonly account: Account;
  /** Throws the SallyportError with which a request is refused. */
  readonly admit: (request: RequestFrame) => Admission;
  /** Of a request frame, by the service's clock. */
  readonly ageMs: (request: RequestFrame) => number;
  /** The origin has answered with a WebSocket. */
  readonly onSocket: (request: RequestFrame, key: FrameKey, socket: OriginSocket) => void;
  readonly onBegun: (exchange: Exchange) => void;
  /** Everything has been sent and the router has taken it, or nothing can be any more. */
  readonly onDelivered: (exchange: Exchange) => void;
  readonly onClosed: (exchange: Exchange, code: ErrorCode | 'OK' | 'CANCELLED') => void;
}

/** Tells a router that asks for an exchange which is not known here (any more). */
export const unknownExchange = ({ exchange, received }: Pick<ReplyToFrame, 'exchange' | 'received'>, key: FrameKey): string =>
  encode({ type: 'error', exchange, n: received, code: 'ERR_EXCHANGE_UNKNOWN', message: 'No such exchange here (any more).' }, key);
