// What the connector's core needs of the world (DESIGN.md D12): it knows no sockets and no AWS.
import type { HeaderList, Upgrade } from '../protocol/frames.ts';
import type { SignOn } from '../protocol/sign-on.ts';
import type { SocketPart } from '../protocol/socket-frames.ts';

/** One HTTP request to an origin that the allowlist lets through. */
export interface OriginCall {
  readonly method: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query, byte for byte as they are to be requested. */
  readonly path: string;
  readonly headers: HeaderList;
  /** Null: no body at all. One of a call with `signOn` can be iterated again. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | null;
  /** How the user is signed in to the application; undefined where nothing is to be done for that. */
  readonly signOn?: SignOn | undefined;
  /** Whose connections are used: calls that differ in it never share one. */
  readonly connection?: Connection;
  /** A WebSocket is asked for. */
  readonly upgrade?: Upgrade | undefined;
  readonly verifyCertificate: boolean;
  readonly loopbackAllowed: boolean;
  /** Aborted when the user has gone or the time is up; its reason is what the call rejects with. */
  readonly signal: AbortSignal;
  /** Called when the request has a connection and is about to be sent; again when it is repeated over another, or the user is signed in first. */
  readonly connected: () => void;
}

/** Connections that are one user's alone, because the application takes whoever speaks on one for the user that it knows there. */
export interface Connection {
  readonly of: string;
  /** At once. */
  readonly limit: number;
  /** How long one is kept that is not used. */
  readonly idleMs: number;
}

export interface OriginAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: AsyncIterable<Uint8Array>;
  /** With status 101. */
  readonly socket?: OriginSocket;
}

export type MessageKind = SocketPart[0];

/** An open WebSocket to an origin. Silent until it is listened to. */
export interface OriginSocket {
  listen(listener: OriginSocketListener): void;
  /** `more`: the message goes on with the next call. `taken` is called when the origin has room again. */
  send(data: Uint8Array, kind: MessageKind, more: boolean, taken: () => void): void;
  /** The closing handshake; its end is told to the listener. */
  close(code: number, reason: string): void;
  /** At once. The listener hears nothing more. */
  terminate(): void;
  /** Reads no more from the origin until `resume`. */
  pause(): void;
  resume(): void;
}

export interface OriginSocketListener {
  /** Part of a message, as it comes; `more`: the message goes on with the next call. */
  message(data: Buffer, kind: MessageKind, more: boolean): void;
  /** 1005: without a code; 1006: broken off (RFC 6455 §7.1.5). */
  closed(code: number, reason: string): void;
}

/** Rejects with a SallyportError of the hop `origin` (or ERR_ORIGIN_NOT_ALLOWED); so does the body. */
export type CallOrigin = (call: OriginCall) => Promise<OriginAnswer>;

/** `gone`: the router's connection is no more. `failed`: it could not be delivered in time. */
export type PostResult = 'delivered' | 'gone' | 'failed';

/** Brings a sealed frame to a router's connection on the Reply API, with retries. Never rejects. */
export type Post = (text: string, replyTo: string, wanted: () => boolean) => Promise<PostResult>;
