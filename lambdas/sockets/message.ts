// What a user's side of a WebSocket sends over the Reply API: a line of JSON and a line of base64 (docs/protocol.md). It is no JSON as a whole,
// so API Gateway takes it to the route `$default`.
import { SallyportError } from '../../protocol/errors.ts';
import type { SocketFrame } from '../../protocol/socket-frames.ts';
import { isSocketHead } from '../../protocol/validation.ts';

const PARTS_MAX = 1024;
const ID_MAX = 128;
const REASON_MAX = 123;

export interface UserMessage {
  /** Null: nothing but a receipt. */
  readonly n: number | null;
  readonly parts: SocketFrame['parts'];
  readonly close: SocketFrame['close'];
  readonly received: number;
  readonly limit: number;
  readonly tunnel: string;
  /** Of something that a person did. */
  readonly used: boolean;
  readonly payload: Buffer;
}

/** Throws ERR_FRAME_INVALID. */
export const readMessage = (text: string): UserMessage => {
  const lineEnd = text.indexOf('\n');
  const head = parse(lineEnd < 0 ? text : text.slice(0, lineEnd));
  if (!isSocketHead(head) || head.parts.length > PARTS_MAX || head.tunnel.length > ID_MAX || !mayClose(head.close)) {
    throw invalid('The first line is none.');
  }
  const encoded = lineEnd < 0 ? '' : text.slice(lineEnd + 1);
  const payload = Buffer.from(encoded, 'base64');
  const bytes = head.parts.reduce((sum, [, length]) => sum + length, 0);
  if (payload.toString('base64') !== encoded || bytes !== payload.length)
    throw invalid(`${payload.length} bytes came where ${bytes} were announced.`);
  const { n = null, parts, close, received, limit, tunnel, used = false } = head;
  return { n, parts, close, received, limit, tunnel, used, payload };
};

/** What a page may close with (WebSockets Standard, `close()`), 1001 for a page that is left, and 1005 for nothing said. */
const mayClose = (close: UserMessage['close']): boolean =>
  close === undefined ||
  (close.reason.length <= REASON_MAX && ([1000, 1001, 1005].includes(close.code) || (close.code >= 3000 && close.code <= 4999)));

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

const invalid = (message: string): SallyportError => new SallyportError('ERR_FRAME_INVALID', message);
