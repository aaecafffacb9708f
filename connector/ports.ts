// What the connector's core needs of the world (DESIGN.md D12): it knows no sockets and no AWS.
import type { HeaderList } from '../protocol/frames.ts';

/** One HTTP request to an origin that the allowlist lets through. */
export interface OriginCall {
  readonly method: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query, byte for byte as they are to be requested. */
  readonly path: string;
  readonly headers: HeaderList;
  /** Null: no body at all. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | null;
  readonly verifyCertificate: boolean;
  readonly loopbackAllowed: boolean;
  /** Aborted when the user has gone or the time is up; its reason is what the call rejects with. */
  readonly signal: AbortSignal;
  /** Called when the request has a connection; again when it is repeated over another. */
  readonly connected: () => void;
}

export interface OriginAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Rejects with a SallyportError of the hop `origin` (or ERR_ORIGIN_NOT_ALLOWED); so does the body. */
export type CallOrigin = (call: OriginCall) => Promise<OriginAnswer>;

/** `gone`: the router's connection is no more. `failed`: it could not be delivered in time. */
export type PostResult = 'delivered' | 'gone' | 'failed';

/** Brings a sealed frame to a router's connection on the Reply API, with retries. Never rejects. */
export type Post = (text: string, replyTo: string, wanted: () => boolean) => Promise<PostResult>;
