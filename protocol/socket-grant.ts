// What the application's host answers to who asks for a WebSocket: where to connect, and what to go on with (docs/protocol.md).

export interface SocketGrant {
  /** With the ticket, which is good once, for half a minute. */
  readonly connect: string;
  readonly exchange: string;
  readonly resume: string;
  readonly tunnel: string;
  /** The subprotocol that the application chose; empty for none. */
  readonly protocol: string;
  /** Bytes that the user may have under way, and that one message of theirs may hold. */
  readonly window: number;
  readonly payload: number;
  /** Bytes that the user must be able to take. */
  readonly buffer: number;
}

/** `problem` is the code of the refusal. */
export interface SocketRefusal {
  readonly status: number;
  readonly problem: string;
}
