// The frames of a WebSocket that is open: from the user to the connector by way of the relay, which seals them and adds `link`; from the
// connector to the user as posted.
import type { ExchangeFrame } from './frames.ts';

/** A stretch of a frame's payload: a message, or a part of one that goes on in the next frame. */
export type SocketPart = readonly [kind: 'text' | 'binary', bytes: number, more: boolean];

/** The connection on the Reply API by which the user is reached, and the how manieth of this WebSocket it is: late frames name old ones. */
export interface SocketLink {
  readonly id: string;
  readonly number: number;
}

interface SocketReceipt {
  /** Frames of the other direction received without a gap. */
  readonly received: number;
  /** Bytes that the other side may have sent in all. */
  readonly limit: number;
  /** Only on the way to the connector. */
  readonly link?: SocketLink;
}

/** Messages, many small ones or part of a large one. Payload: theirs, one after the other. */
export interface SocketFrame extends ExchangeFrame, SocketReceipt {
  readonly type: 'socket';
  readonly n: number;
  readonly parts: readonly SocketPart[];
  /** Nothing follows: how the sender closed (RFC 6455 §7.4). */
  readonly close?: { readonly code: number; readonly reason: string };
}

/** Nothing but a receipt: when there was no message to send it with, or over a new connection. */
export interface SocketReceiptFrame extends ExchangeFrame, SocketReceipt {
  readonly type: 'socket-receipt';
}

/** To the connector: the user's connection has ended; unless a new one comes, so has the WebSocket. */
export interface SocketLostFrame extends ExchangeFrame {
  readonly type: 'socket-lost';
  readonly link: SocketLink;
}

export type AnySocketFrame = SocketFrame | SocketReceiptFrame | SocketLostFrame;
