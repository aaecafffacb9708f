// The messages of a WebSocket as a frame carries them: in Base64 one after the other, with a list that tells where each ends.
import type { SocketPart } from './socket-frames.ts';

export type Kind = SocketPart[0];

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** What a frame costs of the window at least. */
export const FRAME_MIN_COST_BYTES = 1024;

export const join = (chunks: readonly Uint8Array[]): Uint8Array => {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
};

/** More arguments than this are too many for some engines. */
const CHARACTERS = 8192;

export const toBase64 = (bytes: Uint8Array): string => {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHARACTERS) {
    // Not spread: one by one from an iterator they would take ten times as long.
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + CHARACTERS) as unknown as number[]);
  }
  return btoa(text);
};

/** A loop, and no `Uint8Array.from`, which takes twenty times as long. */
export const fromBase64 = (text: string): Uint8Array => {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = characters.charCodeAt(at);
  return bytes;
};
