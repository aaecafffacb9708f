// Reads what an origin sends over a WebSocket (RFC 6455 §5), part by part as it comes: nothing is kept of a message until it is whole, so a
// message without end costs no memory here.
import { isUtf8 } from 'node:buffer';
import type { MessageKind } from './ports.ts';

export type Received =
  /** `more`: the message goes on. */
  | { readonly type: 'part'; readonly kind: MessageKind; readonly data: Buffer; readonly more: boolean }
  | { readonly type: 'ping'; readonly data: Buffer }
  | { readonly type: 'close'; readonly code: number; readonly reason: string };

/** What the origin sent is no WebSocket's: `code` closes it (RFC 6455 §7.4.1). */
export class WebSocketFault extends Error {
  override readonly name = 'WebSocketFault';
  readonly code: number;

  constructor(code: 1002 | 1007 | 1009, message: string) {
    super(message);
    this.code = code;
  }
}

export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;
export const FIN = 0x80;
export const MASKED = 0x80;
/** The length follows in two bytes, or in eight. */
export const LENGTH_IN_TWO = 126;
export const LENGTH_IN_EIGHT = 127;

const RESERVED_BITS = 0x70;
const CONTROL = 0x8;
/** RFC 6455 §5.5. */
const CONTROL_MAX_BYTES = 125;
/** No code was sent (RFC 6455 §7.1.5). */
const NO_CODE = 1005;

interface FrameHead {
  readonly opcode: number;
  readonly final: boolean;
  readonly length: number;
}

export class WebSocketReader {
  readonly #messageMaxBytes: number;
  /** Of a frame's head, or of a control frame. */
  #held = Buffer.alloc(0);
  #frame: FrameHead | null = null;
  /** Of the frame, payload that is to come. */
  #left = 0;
  #message: { readonly kind: MessageKind; bytes: number; readonly check: TextDecoder | null } | null = null;

  constructor(messageMaxBytes: number) {
    this.#messageMaxBytes = messageMaxBytes;
  }

  /** What is known by these bytes. Throws a WebSocketFault. */
  *read(chunk: Buffer): Generator<Received> {
    let rest = chunk;
    for (;;) {
      if (this.#frame === null) {
        rest = this.#readHead(rest);
        if (this.#frame === null) return;
      }
      const { opcode } = this.#frame as FrameHead;
      if (opcode >= CONTROL) {
        rest = this.#hold(rest, this.#left);
        if (this.#held.length < this.#left) return;
        const data = this.#held;
        this.#held = Buffer.alloc(0);
        this.#frame = null;
        if (opcode === CLOSE) yield readClose(data);
        else if (opcode === PING) yield { type: 'ping', data };
        continue;
      }
      const data = rest.subarray(0, this.#left);
      rest = rest.subarray(data.length);
      this.#left -= data.length;
      const part = this.#readPart(data);
      if (part !== null) yield part;
      if (this.#frame !== null) return;
    }
  }

  /** What is left of the bytes, behind the head of a frame or with one that is not whole. */
  #readHead(bytes: Buffer): Buffer {
    let rest = this.#hold(bytes, 2);
    if (this.#held.length < 2) return rest;
    const said = this.#held[1]! & ~MASKED;
    const size = said === LENGTH_IN_TWO ? 4 : said === LENGTH_IN_EIGHT ? 10 : 2;
    rest = this.#hold(rest, size);
    const head = this.#held;
    if (head.length < size) return rest;
    const length = size === 2 ? said : size === 4 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    this.#held = Buffer.alloc(0);
    this.#begin({ opcode: head[0]! & 0xf, final: (head[0]! & FIN) !== 0, length }, head);
    return rest;
  }

  #begin(frame: FrameHead, head: Buffer): void {
    const { opcode, final, length } = frame;
    if ((head[0]! & RESERVED_BITS) !== 0) throw new WebSocketFault(1002, 'It uses an extension that nobody agreed to.');
    if ((head[1]! & MASKED) !== 0) throw new WebSocketFault(1002, 'It masks its frames, which only clients do.');
    if (![CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG].includes(opcode)) throw new WebSocketFault(1002, `Opcode ${opcode} is not known.`);
    if (opcode >= CONTROL) {
      if (!final || length > CONTROL_MAX_BYTES) throw new WebSocketFault(1002, 'A control frame is too long or in parts.');
    } else {
      if ((opcode === CONTINUATION) !== (this.#message !== null)) {
        throw new WebSocketFault(1002, 'A message begins within another one, or goes on without a beginning.');
      }
      const kind = opcode === TEXT ? 'text' : 'binary';
      this.#message ??= { kind, bytes: 0, check: kind === 'text' ? new TextDecoder('utf-8', { fatal: true }) : null };
      this.#message.bytes += length;
      if (this.#message.bytes > this.#messageMaxBytes) {
        throw new WebSocketFault(1009, `A message is larger than ${this.#messageMaxBytes} bytes.`);
      }
    }
    this.#frame = frame;
    this.#left = length;
  }

  /** Null: there is nothing in it. */
  #readPart(data: Buffer): Received | null {
    const { kind, check } = this.#message!;
    const ends = this.#left === 0;
    const last = ends && this.#frame!.final;
    try {
      check?.decode(data, { stream: !last });
    } catch {
      throw new WebSocketFault(1007, 'A text is not in UTF-8.');
    }
    if (ends) this.#frame = null;
    if (last) this.#message = null;
    return data.length === 0 && !last ? null : { type: 'part', kind, data, more: !last };
  }

  /** Holds so many bytes in all, if they are there; what is left of these. */
  #hold(bytes: Buffer, wanted: number): Buffer {
    const missing = wanted - this.#held.length;
    if (missing > 0) this.#held = Buffer.concat([this.#held, bytes.subarray(0, missing)]);
    return bytes.subarray(Math.max(missing, 0));
  }
}

const readClose = (data: Buffer): Received => {
  if (data.length === 0) return { type: 'close', code: NO_CODE, reason: '' };
  const code = data.length < 2 ? 0 : data.readUInt16BE(0);
  if (!isCloseCode(code)) throw new WebSocketFault(1002, 'It closes with a code that is not allowed.');
  const reason = data.subarray(2);
  if (!isUtf8(reason)) throw new WebSocketFault(1007, 'The reason for closing is not in UTF-8.');
  return { type: 'close', code, reason: reason.toString() };
};

/** RFC 6455 §7.4, and the registry that it began. */
const isCloseCode = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999);
