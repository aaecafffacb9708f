// The messages between router and connector, each sealed with the connector's frame key (codec.ts).
// docs/protocol.md tells the same in prose, with sequences.
import type { SignOn } from './sign-on.ts';
import type { AnySocketFrame, SocketFrame, SocketReceiptFrame } from './socket-frames.ts';

/** WebSocket subprotocol: the version both ends must agree on before anything else. */
export const SUBPROTOCOL = 'sallyport.v1';

/** Header fields in the order they are sent; names as the sender wrote them, duplicates kept. */
export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>;

/** Fields of every frame that belongs to an exchange. `n` counts the frames of one direction from 0. */
export interface ExchangeFrame {
  /** Unguessable id of the exchange, base64url. */
  readonly exchange: string;
}

// ── router → connector, sealed with the connector's frame key ──────────────────────────────────────────────

/** Asks for a WebSocket (RFC 6455) in place of a response. */
export interface Upgrade {
  /** Subprotocols that the page offers, the best first. */
  readonly protocols: readonly string[];
  /** The WebSocket ends at this age, and after this time without a message. */
  readonly maxAgeMs: number;
  readonly idleMs: number;
  /** Whose it is, as a digest: one may have so many open. Routers of older releases do not say. */
  readonly owner?: string;
}

/** Opens an exchange. Payload: the body, or its first part. */
export interface RequestFrame extends ExchangeFrame {
  readonly type: 'request';
  readonly n: 0;
  /** Whom it is for: a connector refuses another's frame. */
  readonly connector: string;
  /** The tunnel that it was posted to: a connector that was started anew has others. Routers of older releases do not say. */
  readonly tunnel?: string;
  readonly application: string;
  /** The signed-in user's name for logs and single sign-on; null where the application has no pre-authentication. */
  readonly user: string | null;
  readonly method: string;
  /** Absolute URL at the origin, exactly as it is to be requested. */
  readonly url: string;
  readonly headers: HeaderList;
  /** The router's connection on the Reply API. */
  readonly replyTo: string;
  /** Milliseconds since the epoch, by the router's clock. */
  readonly issuedAt: number;
  /** How long the origin may take to its first byte. */
  readonly timeoutMs: number;
  /** How long it may be silent after that. Routers of older releases do not say: then the connector sets no limit. */
  readonly idleTimeoutMs?: number;
  /** False when the origin's certificate is not to be checked (an administrator's choice, per application). */
  readonly verifyCertificate: boolean;
  /** How the user is signed in to the application; absent where the connector has nothing to do for that. */
  readonly signOn?: SignOn;
  /** The response with status 101 says that the WebSocket is open. Connectors of older releases ask as for any page. */
  readonly upgrade?: Upgrade;
  /** Whether the request has a body at all: an absent one and an empty one are told apart. */
  readonly hasBody: boolean;
  /**
   * The body comes in `part` frames, from whichever router has them, and the response waits for a `reply-to`. What is known of the body's
   * length; null: a later part tells it. And whose it is, as a digest: one may have so many open. Routers of older releases do not say.
   */
  readonly upload?: { readonly length: number | null; readonly owner?: string };
  /** Codings that the router undoes, of the response's payloads. Routers of older releases undo none. */
  readonly codings?: readonly string[];
  /** True when the body is complete in this frame. */
  readonly end: boolean;
}

/** A further part of a body, in either direction. */
export interface BodyFrame extends ExchangeFrame {
  readonly type: 'body';
  readonly n: number;
  readonly end: boolean;
  /** How this frame's payload is compressed, one of the request's `codings`; absent: not at all. */
  readonly coding?: string;
}

/**
 * A piece of an upload's body, known by its place in it, so that one which is lost, late or sent twice does no harm. Answered by `taken`:
 * at once where it has no payload, else when the origin has taken everything before `until`.
 */
export interface PartFrame extends ExchangeFrame {
  readonly type: 'part';
  /** Bytes of body before this payload. */
  readonly offset: number;
  /** Where what the router has in hand ends. */
  readonly until: number;
  /** Of the whole body; null while it is not known. */
  readonly length: number | null;
  /** Where `taken` goes. */
  readonly replyTo: string;
}

/** Acknowledges and allows more: the connector may have sent `limit` in all. */
export interface CreditFrame extends ExchangeFrame {
  readonly type: 'credit';
  /** Response frames received without a gap. */
  readonly received: number;
  /** Of body bytes as the user gets them; a frame costs 1 KiB at least. */
  readonly limit: number;
}

/** The router has a new connection; response frames from `received` on are to be sent there (again). */
export interface ReplyToFrame extends ExchangeFrame {
  readonly type: 'reply-to';
  readonly replyTo: string;
  readonly received: number;
}

/** The user has gone, or the router has given up: stop calling the origin. */
export interface CancelFrame extends ExchangeFrame {
  readonly type: 'cancel';
  readonly code: string;
}

// ── connector → router, sealed with the same key, posted to `replyTo` ─────────────────────────────────────

/** What the connector measured of an exchange, in milliseconds: for administrators (`sallyport explain`), nothing is decided by it. */
export interface PremisesTimings {
  /** From `issuedAt` until the request frame was opened and found genuine, by the service's clock as the connector knows it. */
  readonly verified: number;
  /** From then on, until the request had a connection to the origin; one that was kept is there at once. */
  readonly connected?: number;
  /** Until the origin's head was there. */
  readonly answered?: number;
  /** Until this frame was sent. */
  readonly sent: number;
}

/** The origin's head. Payload: the body, or its first part. A small response is exactly this one frame. */
export interface ResponseFrame extends ExchangeFrame {
  readonly type: 'response';
  readonly n: 0;
  readonly status: number;
  readonly headers: HeaderList;
  readonly end: boolean;
  /** As in a body frame. */
  readonly coding?: string;
  /** Older connectors do not tell. */
  readonly timings?: PremisesTimings;
}

/** Still at work: sent when nothing else has been for a while. */
export interface ProgressFrame extends ExchangeFrame {
  readonly type: 'progress';
  /** Request frames received without a gap. */
  readonly received: number;
}

/** How far an upload has come. Also said once unasked, when its request has come. */
export interface TakenFrame extends ExchangeFrame {
  readonly type: 'taken';
  /** Bytes of body received without a gap. */
  readonly received: number;
  /** Of these, what the origin has taken. */
  readonly taken: number;
  readonly length: number | null;
  /** The origin has answered and takes no more. */
  readonly over: boolean;
}

/** The connector has a new tunnel; request frames from `received` on and credit are to be sent there (again). */
export interface MovedFrame extends ExchangeFrame {
  readonly type: 'moved';
  readonly tunnel: string;
  readonly received: number;
}

/** The exchange has failed at the connector or the origin. Takes a place in the sequence, so nothing sent before is lost. */
export interface ErrorFrame extends ExchangeFrame {
  readonly type: 'error';
  readonly n: number;
  readonly code: string;
  /** For the administrator's log. */
  readonly message: string;
  /** True when nothing of the exchange has been sent to the origin, so that it may be asked by another connector. Older connectors do not say. */
  readonly unsent?: boolean;
  /** Absent also where the request itself never came. */
  readonly timings?: PremisesTimings;
}

export type RouterFrame = RequestFrame | BodyFrame | PartFrame | CreditFrame | ReplyToFrame | CancelFrame | AnySocketFrame;
export type ConnectorFrame =
  | ResponseFrame
  | BodyFrame
  | TakenFrame
  | ProgressFrame
  | MovedFrame
  | ErrorFrame
  | SocketFrame
  | SocketReceiptFrame;
export type Frame = RouterFrame | ConnectorFrame;
