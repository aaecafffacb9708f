// Frames as text: a JSON header line, a base64 payload line (empty when there is none), and the seal.
// The seal is an HMAC over the two lines before it, with a key that one connector and the routers share; so a frame
// that was altered, made up, sent back, or meant for another connector does not open. Knows no sockets, no AWS, no HTTP.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { SallyportError } from './errors.ts';
import type { Frame } from './frames.ts';
import { FRAME_MAX_BYTES } from './limits.ts';
import { isFrame } from './validation.ts';

/** 128 bits of the 256: enough against forgery (RFC 2104 §5), and 22 characters less in each frame. */
const SEAL_BYTES = 16;
const SEAL_CHARACTERS = 22;

/** One key for each direction (frame-keys.ts). */
export interface DirectedKey {
  readonly seals: Uint8Array;
  readonly opens: Uint8Array;
}

/** Releases before the two had one key for both directions. */
export type FrameKey = DirectedKey | Uint8Array;

export interface OpenedFrame {
  readonly frame: Frame;
  readonly payload: Buffer;
  /** What opened it, and seals what answers it. */
  readonly key: FrameKey;
}

const EMPTY = Buffer.alloc(0);

/** The sealed text of a frame. Throws ERR_FRAME_INVALID when it would not fit a message. */
export const encode = (frame: Frame, key: FrameKey, payload: Uint8Array = EMPTY): string => {
  const sealed = `${JSON.stringify(frame)}\n${payload.length === 0 ? '' : base64(payload)}`;
  const text = `${sealed}\n${seal(sealed, 'seals' in key ? key.seals : key).toString('base64url')}`;
  // Most frames are far below the limit: the exact byte count is worth its cost only near it.
  if (text.length * 3 > FRAME_MAX_BYTES && Buffer.byteLength(text) > FRAME_MAX_BYTES) {
    throw new SallyportError('ERR_FRAME_INVALID', `A ${frame.type} frame of ${Buffer.byteLength(text)} bytes exceeds ${FRAME_MAX_BYTES}.`);
  }
  return text;
};

/**
 * The frame that a text holds. `keyOf` gives the key for the exchange that the frame claims, or null when there is no such exchange.
 * Throws ERR_FRAME_INVALID (cannot be read), ERR_EXCHANGE_UNKNOWN (no key) or ERR_FRAME_FORGED (the seal does not hold).
 */
export const decode = (text: string, keyOf: (exchange: string) => FrameKey | null): OpenedFrame => {
  const headerEnd = text.indexOf('\n');
  const payloadEnd = text.lastIndexOf('\n');
  if (headerEnd < 0 || payloadEnd === headerEnd || text.length - payloadEnd - 1 !== SEAL_CHARACTERS) {
    throw new SallyportError('ERR_FRAME_INVALID', 'A frame has three lines: header, payload and seal.');
  }

  const frame = parseHeader(text.slice(0, headerEnd));
  const key = keyOf(frame.exchange);
  if (key === null) throw new SallyportError('ERR_EXCHANGE_UNKNOWN', `No exchange ${frame.exchange} here for a ${frame.type} frame.`);

  const given = Buffer.from(text.slice(payloadEnd + 1), 'base64url');
  const expected = seal(text.slice(0, payloadEnd), 'opens' in key ? key.opens : key);
  if (given.length !== SEAL_BYTES || !timingSafeEqual(given, expected)) {
    throw new SallyportError('ERR_FRAME_FORGED', `The seal of a ${frame.type} frame for exchange ${frame.exchange} does not hold.`);
  }
  return { frame, key, payload: headerEnd + 1 === payloadEnd ? EMPTY : parsePayload(text.slice(headerEnd + 1, payloadEnd)) };
};

const base64 = (payload: Uint8Array): string => Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('base64');

const seal = (text: string, key: Uint8Array): Buffer => createHmac('sha256', key).update(text).digest().subarray(0, SEAL_BYTES);

const parseHeader = (line: string): Frame => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new SallyportError('ERR_FRAME_INVALID', 'The header line of a frame is not JSON.', { cause });
  }
  if (!isFrame(value)) throw new SallyportError('ERR_FRAME_INVALID', 'The header line of a frame has an unknown type or lacks a field.');
  return value;
};

/** Buffer.from() skips what is no base64; the length shows whether it did. */
const parsePayload = (line: string): Buffer => {
  const payload = Buffer.from(line, 'base64');
  const padding = line.endsWith('==') ? 2 : line.endsWith('=') ? 1 : 0;
  if (line.length % 4 !== 0 || payload.length !== (line.length / 4) * 3 - padding) {
    throw new SallyportError('ERR_FRAME_INVALID', 'The payload line of a frame is not base64.');
  }
  return payload;
};
