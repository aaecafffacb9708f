// One connection to an origin after the other, each answer's head read before undici does. A body that is not taken stops its socket, never
// undici's parser: one that is paused when the origin closes loses what the body still holds (kept-alive connections), or ends the process
// (`Connection: close`). Seen with undici 7.30.2.
import type { Socket } from 'node:net';
import { type buildConnector, Client, type Dispatcher, errors } from 'undici';
import { HeadReader } from './head-reader.ts';

export interface OriginClientOptions extends Client.Options {
  readonly connect: buildConnector.connector;
}

/** How long connections are used. */
export interface ConnectionLifetime {
  /** Whether the name has this address. */
  readonly has: (host: string, address: string) => boolean;
  readonly maxAgeMs: number;
  readonly now: () => number;
}

const UNAUTHORIZED = 401;

export class OriginClient extends Client {
  readonly #gate: Gate;
  readonly #lifetime: ConnectionLifetime;
  readonly #host: string;
  /** The request that is under way; null: the connection is idle. */
  #running: object | null = null;
  /** What comes next may be half of a handshake that goes on (NTLM). */
  #challenged = false;

  constructor(origin: string | URL, options: OriginClientOptions, lifetime: ConnectionLifetime) {
    const gate = new Gate();
    const { connect } = options;
    super(origin, {
      ...options,
      connect: (where, callback) =>
        connect(where, (...connected) => {
          const [error, socket] = connected;
          if (error === null) callback(null, gate.before(socket, lifetime.now()));
          else callback(...connected);
        }),
    });
    this.#gate = gate;
    this.#lifetime = lifetime;
    this.#host = new URL(origin).hostname.replace(/^\[(.*)\]$/, '$1');
  }

  /** Calls what the request carries as `opaque` when it has a connection. */
  override dispatch(options: Dispatcher.DispatchOptions & { readonly opaque?: unknown }, handler: Dispatcher.DispatchHandler): boolean {
    const { opaque: noticed } = options;
    const { onConnect, onUpgrade, onHeaders, onData, onComplete, onError } = handler;
    const gate = this.#gate;
    if (this.#running === null && !this.#mayGoOn()) gate.end();
    handler.onConnect = (...connection) => {
      this.#running = handler;
      gate.expect(new HeadReader({ upgrade: typeof options.upgrade === 'string' }));
      if (typeof noticed === 'function') noticed();
      onConnect?.apply(handler, connection);
    };
    handler.onUpgrade = (status, headers, socket) => {
      gate.release();
      this.#running = null;
      onUpgrade?.call(handler, status, headers, socket);
    };
    handler.onHeaders = (status, headers, _, text) => {
      this.#challenged = status === UNAUTHORIZED;
      if (onHeaders?.call(handler, status, headers, () => gate.open(), text) === false) gate.close();
      return true;
    };
    handler.onData = (chunk) => {
      if (onData?.call(handler, chunk) === false) gate.close();
      return true;
    };
    handler.onComplete = (trailers) => {
      // The rest of the body waits elsewhere: the connection is free for the next answer.
      gate.forgo();
      this.#running = null;
      onComplete?.call(handler, trailers);
      // Not before undici is done with the answer.
      if (!this.#mayGoOn()) process.nextTick(() => this.#running === null && gate.end());
    };
    handler.onError = (error) => {
      if (this.#running === handler) this.#running = null;
      onError?.call(handler, error);
    };
    return super.dispatch(options, handler);
  }

  /** Whether another request may go over the connection that there is. */
  #mayGoOn(): boolean {
    const connection = this.#gate.connection;
    if (connection === null) return true;
    const { has, maxAgeMs, now } = this.#lifetime;
    const old = now() - connection.since > maxAgeMs;
    return has(this.#host, connection.address) && (!old || this.#challenged);
  }
}

/** Before a socket: while it is closed nothing is read, so the socket fills, and then the origin is slowed down. */
class Gate {
  #socket: Socket | null = null;
  #since = 0;
  #closed = false;
  /** While the head of an answer is awaited. */
  #head: HeadReader | null = null;

  /** Null: there is none. */
  get connection(): { readonly address: string; readonly since: number } | null {
    const address = this.#socket?.remoteAddress;
    return address === undefined ? null : { address, since: this.#since };
  }

  before(socket: Socket, since: number): Socket {
    const read = socket.read.bind(socket);
    socket.read = (size?: number) => {
      // Node's own, which looks whether there is more.
      if (size === 0) return read(size);
      for (;;) {
        const chunk: Buffer | null = this.#closed ? null : read(size);
        if (chunk === null || this.#head === null) return chunk;
        const answer = this.#readHead(this.#head, chunk, socket);
        if (answer !== null) return answer;
      }
    };
    // An alert (RFC 8446 §6.2) comes as an error, and then the connection ends: that end would hide the reason.
    socket.on('error', (error) => void socket.destroy(error));
    this.#socket = socket;
    this.#since = since;
    this.#closed = false;
    return socket;
  }

  /** A request is about to leave. */
  expect(head: HeadReader): void {
    this.#head = head;
  }

  close(): void {
    this.#closed = true;
  }

  open(): void {
    if (!this.#closed) return;
    this.#closed = false;
    // Not at once: whoever opens may have been called by the parser.
    const socket = this.#socket;
    process.nextTick(() => socket?.emit('readable'));
  }

  /** Opens, within the reading of a socket that is going on. */
  forgo(): void {
    this.#closed = false;
  }

  /** Nothing is under way on it. */
  end(): void {
    this.#socket?.destroy(new errors.InformationalError('no longer used'));
    this.#socket = null;
  }

  /** The socket is somebody else's from here on. */
  release(): void {
    if (this.#socket !== null) Reflect.deleteProperty(this.#socket, 'read');
    this.#socket = null;
  }

  #readHead(head: HeadReader, chunk: Buffer, socket: Socket): Buffer | null {
    try {
      const answer = head.push(chunk);
      if (answer !== null) this.#head = null;
      return answer;
    } catch (error) {
      socket.destroy(error as Error);
      return null;
    }
  }
}
