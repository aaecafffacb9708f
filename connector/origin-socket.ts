// One open WebSocket to an origin, over the connection on which the handshake was made (RFC 6455).
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { MessageKind, OriginSocket, OriginSocketListener } from './ports.ts';
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  FIN,
  LENGTH_IN_EIGHT,
  LENGTH_IN_TWO,
  MASKED,
  PONG,
  type Received,
  TEXT,
  WebSocketFault,
  WebSocketReader,
} from './web-socket-reader.ts';

/** A larger message ends the WebSocket with 1009. */
const MESSAGE_MAX_BYTES = 64 * 1024 * 1024;
/** A close frame without one (RFC 6455 §7.1.5). */
const NO_CODE = 1005;
/** No close frame came. */
const BROKEN_OFF = 1006;
const CLOSE_REASON_MAX_BYTES = 123;
/** How long the origin may take to close, too. */
const CLOSING_MS = 30_000;
/** An origin that asks and does not read is answered no more. */
const PONGS_WAITING_MAX_BYTES = 16 * 1024;

export class OpenedSocket implements OriginSocket {
  readonly #connection: Socket;
  readonly #reader = new WebSocketReader(MESSAGE_MAX_BYTES);
  #listener: OriginSocketListener | null = null;
  #wrong = '';
  /** Whether a message to the origin goes on. */
  #within = false;
  #closing: NodeJS.Timeout | null = null;
  #closed = false;

  /** `connection`: with nothing but the WebSocket on it, from here on. It is not read until somebody listens. */
  constructor(connection: Socket) {
    this.#connection = connection;
    connection.setNoDelay(true);
    connection.on('error', ({ message }) => {
      this.#wrong ||= message;
    });
    connection.on('close', () => this.#finish(BROKEN_OFF, this.#wrong));
  }

  listen(listener: OriginSocketListener): void {
    this.#listener = listener;
    const connection = this.#connection;
    if (connection.destroyed) {
      process.nextTick(() => this.#finish(BROKEN_OFF, this.#wrong));
      return;
    }
    connection.on('data', (chunk: Buffer) => this.#read(chunk));
    connection.resume();
  }

  send(data: Uint8Array, kind: MessageKind, more: boolean, taken: () => void): void {
    // A socket that is closing takes nothing; its close tells the rest.
    if (this.#closing !== null || this.#closed) {
      taken();
      return;
    }
    const opcode = this.#within ? CONTINUATION : kind === 'text' ? TEXT : BINARY;
    this.#within = more;
    this.#write(opcode | (more ? 0 : FIN), data, taken);
  }

  close(code: number, reason: string): void {
    if (this.#closing !== null || this.#closed) return;
    this.#sendClose(code, reason);
    this.#connection.resume();
  }

  terminate(): void {
    this.#listener = null;
    this.#connection.destroy();
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  #read(chunk: Buffer): void {
    try {
      for (const received of this.#reader.read(chunk)) {
        if (this.#closed) return;
        this.#take(received);
      }
    } catch (error) {
      if (!(error instanceof WebSocketFault)) throw error;
      if (this.#closing === null) this.#sendClose(error.code, '');
      this.#connection.removeAllListeners('data').destroySoon();
      this.#finish(error.code === 1009 ? error.code : BROKEN_OFF, error.message);
    }
  }

  #take(received: Received): void {
    if (received.type === 'part') {
      this.#listener?.message(received.data, received.kind, received.more);
    } else if (received.type === 'ping') {
      if (this.#closing === null && this.#connection.writableLength < PONGS_WAITING_MAX_BYTES) this.#write(PONG | FIN, received.data);
    } else {
      if (this.#closing === null) this.#sendClose(received.code, received.reason);
      this.#connection.end();
      this.#finish(received.code, received.reason);
    }
  }

  #sendClose(code: number, reason: string): void {
    this.#closing = setTimeout(() => this.#connection.destroy(), CLOSING_MS);
    this.#closing.unref();
    const payload = code === NO_CODE ? Buffer.alloc(0) : Buffer.concat([Buffer.of(code >> 8, code & 0xff), fitting(reason)]);
    this.#write(CLOSE | FIN, payload);
  }

  #write(begin: number, payload: Uint8Array, taken?: () => void): void {
    if (!this.#connection.writable) {
      taken?.();
      return;
    }
    this.#connection.cork();
    const mask = randomBytes(4);
    this.#connection.write(Buffer.concat([frameHead(begin, payload.length), mask]));
    this.#connection.write(masked(payload, mask), () => taken?.());
    this.#connection.uncork();
  }

  #finish(code: number, reason: string): void {
    if (this.#closing !== null && this.#connection.destroyed) clearTimeout(this.#closing);
    if (this.#closed || this.#listener === null) return;
    this.#closed = true;
    this.#listener.closed(code, reason);
  }
}

const frameHead = (begin: number, length: number): Buffer => {
  if (length < LENGTH_IN_TWO) return Buffer.of(begin, MASKED | length);
  if (length <= 0xff_ff) return Buffer.of(begin, MASKED | LENGTH_IN_TWO, length >> 8, length & 0xff);
  const head = Buffer.alloc(10);
  head[0] = begin;
  head[1] = MASKED | LENGTH_IN_EIGHT;
  head.writeUInt32BE(length, 6);
  return head;
};

/** RFC 6455 §5.3. The bytes may be somebody else's, too. */
const masked = (payload: Uint8Array, mask: Buffer): Buffer => {
  const bytes = Buffer.from(payload);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = bytes[at]! ^ mask[at & 3]!;
  return bytes;
};

const fitting = (reason: string): Buffer => {
  const bytes = Buffer.from(reason);
  if (bytes.length <= CLOSE_REASON_MAX_BYTES) return bytes;
  // A letter that is cut through is left out.
  return Buffer.from(
    bytes
      .subarray(0, CLOSE_REASON_MAX_BYTES)
      .toString()
      .replace(/\ufffd+$/, ''),
  );
};
