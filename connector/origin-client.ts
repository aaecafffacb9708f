// One connection to an origin, each answer's head read before undici does. A body that is not taken stops its socket, never undici's parser: one that is paused when the origin closes
// loses what the body still holds (kept-alive connections), or ends the process (`Connection: close`). Seen with undici 7.30.2.
import type { Socket } from 'node:net';
import { type buildConnector, Client, type Dispatcher } from 'undici';
import { HeadReader } from './head-reader.ts';

export interface OriginClientOptions extends Client.Options {
  readonly connect: buildConnector.connector;
}

export class OriginClient extends Client {
  readonly #gate: Gate;

  constructor(origin: string | URL, options: OriginClientOptions) {
    const gate = new Gate();
    const { connect } = options;
    super(origin, {
      ...options,
      connect: (where, callback) =>
        connect(where, (...connected) => {
          const [error, socket] = connected;
          if (error === null) callback(null, gate.before(socket));
          else callback(...connected);
        }),
    });
    this.#gate = gate;
  }

  /** Calls what the request carries as `opaque` when it has a connection. */
  override dispatch(options: Dispatcher.DispatchOptions & { readonly opaque?: unknown }, handler: Dispatcher.DispatchHandler): boolean {
    const { opaque: noticed } = options;
    const { onConnect, onUpgrade, onHeaders, onData, onComplete } = handler;
    const gate = this.#gate;
    handler.onConnect = (...connection) => {
      gate.expect(new HeadReader({ upgrade: typeof options.upgrade === 'string' }));
      if (typeof noticed === 'function') noticed();
      onConnect?.apply(handler, connection);
    };
    handler.onUpgrade = (status, headers, socket) => {
      gate.release();
      onUpgrade?.call(handler, status, headers, socket);
    };
    handler.onHeaders = (status, headers, _, text) => {
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
      onComplete?.call(handler, trailers);
    };
    return super.dispatch(options, handler);
  }
}

/** Before a socket: while it is closed nothing is read, so the socket fills, and then the origin is slowed down. */
class Gate {
  #socket: Socket | null = null;
  #closed = false;
  /** While the head of an answer is awaited. */
  #head: HeadReader | null = null;

  before(socket: Socket): Socket {
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
