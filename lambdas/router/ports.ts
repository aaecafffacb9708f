// What the router is given from outside (D12): time, tunnels, its own reply channel, and the user's side of an exchange.
// A second data plane brings these of its own; the passes and the exchange stay as they are.
import type { FrameKey, OpenedFrame } from '../../protocol/codec.ts';
import type { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import type { Directory, Session, Sessions, Tunnel } from '../stores/records.ts';

export interface Clock {
  now(): number;
  /** Runs `callback` after `ms`; the answer cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** Posts a sealed frame to a tunnel. `gone`: no such connection any more, so nothing was delivered. Throws when it cannot be said. */
export type PostFrame = (connectionId: string, text: string) => Promise<'posted' | 'gone'>;

export interface ExchangeListener {
  /** Opens the frames of the connector that was asked; a frame of any other does not open. */
  readonly key: FrameKey;
  frame(opened: OpenedFrame): void;
  /** The reply channel's connection is lost and another is being opened: until then nothing can be heard. */
  interrupted(): void;
  /** The reply channel has a new connection. */
  moved(replyTo: string): void;
  /** The reply channel is lost and could not be opened again. */
  lost(error: SallyportError): void;
}

/** The router's own connection on the Reply API. */
export interface ReplyChannel {
  /** Where connectors post to. At once when the channel is open. Throws ERR_REPLY_CHANNEL. */
  address(): Promise<string>;
  /** Asks whether the connection still lives; one that does not answer is replaced. */
  probe(): void;
  /** Frames of `exchange` go to `listener` until the answer is called. */
  attend(exchange: string, listener: ExchangeListener): () => void;
}

/** The user's side: head once, then the body. */
/** The head of an answer has more bytes than the platform carries. */
export class HeadTooLarge extends Error {
  override readonly name = 'HeadTooLarge';
  readonly bytes: number;
  readonly maxBytes: number;

  constructor(bytes: number, maxBytes: number) {
    super(`The head of the answer has ${bytes} bytes, and ${maxBytes} can be carried.`);
    this.bytes = bytes;
    this.maxBytes = maxBytes;
  }
}

export interface UserResponse {
  readonly begun: boolean;
  /** Aborted when the user has gone, with ERR_USER_GONE. */
  readonly gone: AbortSignal;
  /** Nothing can be told yet: keeps what lies between from taking the silence for the end. */
  hold(): void;
  /** What of a body the platform carries in one response. */
  readonly maxBytes: number;
  /** Throws HeadTooLarge, with nothing begun. */
  begin(status: number, headers: HeaderList): void;
  /** Resolves when more may be written, so a slow user slows the connector. Throws ERR_USER_GONE. */
  write(chunk: Uint8Array): Promise<void>;
  /** Resolves when everything is on its way. */
  end(): Promise<void>;
}

export type ReadDirectory = Pick<Directory, 'applicationsOn' | 'publishedAt'>;

/** Never from memory. */
export type FreshDirectory = Pick<Directory, 'applicationsOn'>;

export interface ReadTunnels {
  /** Tunnels of the group that are not known to be gone. */
  tunnels(group: string): Promise<readonly Tunnel[]>;
  /** The same from the registry itself. */
  freshTunnels(group: string): Promise<readonly Tunnel[]>;
  /** A post to this tunnel found nothing there. */
  forget(group: string, connectionId: string): void;
  /** Nothing came back over this tunnel in time: for a while it is asked only when no other is left. */
  doubt(connectionId: string): void;
  /** Something did. */
  trust(connectionId: string): void;
  doubted(connectionId: string): boolean;
  /** When a connector of the group was seen last; null when none is enrolled. For the log: it is not cached. */
  lastSeen(group: string): Promise<number | null>;
}

export type FindSession = (id: string) => Promise<Session | null>;

/** What becomes of a sign-in code: never cached. */
export type SessionStore = Pick<Sessions, 'create' | 'find' | 'noteUse' | 'createCode' | 'takeCode'>;
