// Hides interim answers from the HTTP client: some origins send `100 Continue` unasked, every client must be able to read it
// (RFC 9110 §15.2.1), and undici takes it for a broken answer.
import type { Socket } from 'node:net';

const REQUEST_LINE = / HTTP\/1\.1\r\n/;
/** `101` is none: it changes the protocol, which nobody asked for. */
const INTERIM = /^HTTP\/1\.[01] 1(?!01)\d\d/;
const STATUS_LINE_BEGIN = 'HTTP/1.';
const STATUS_BYTES = 'HTTP/1.1 100'.length;
const HEAD_END = '\r\n\r\n';
/** A longer head is none of these. */
const HEAD_MAX_BYTES = 4096;

/** The same socket: what it reads at the beginning of an answer is looked at first. */
export const withoutInterim = <Connection extends Pick<Socket, 'read' | 'write'>>(socket: Connection): Connection => {
  const read = socket.read.bind(socket);
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let atHead = false;
  let held: Buffer = Buffer.alloc(0);

  socket.write = ((chunk: unknown, ...rest: unknown[]) => {
    // Bodies are written as bytes, their chunk sizes without a request line: an answer's head is awaited from here on.
    if (typeof chunk === 'string' && REQUEST_LINE.test(chunk)) atHead = true;
    return write(chunk, ...rest);
  }) as Connection['write'];

  socket.read = ((size?: number) => {
    for (;;) {
      const chunk: Buffer | null = read(size);
      if (chunk === null || !atHead) return chunk;
      held = Buffer.concat([held, chunk]);
      const rest = afterInterim(held);
      if (rest === null) continue;
      held = Buffer.alloc(0);
      atHead = false;
      return rest;
    }
  }) as Connection['read'];
  return socket;
};

/** What follows the interim answers; null when it cannot be said yet. */
const afterInterim = (bytes: Buffer): Buffer | null => {
  let at = 0;
  for (;;) {
    const begin = bytes.toString('latin1', at, at + STATUS_BYTES);
    if (begin.length < STATUS_BYTES && STATUS_LINE_BEGIN.startsWith(begin.slice(0, STATUS_LINE_BEGIN.length))) return null;
    if (!INTERIM.test(begin)) return bytes.subarray(at);
    const end = bytes.indexOf(HEAD_END, at);
    if (end < 0) return bytes.length - at > HEAD_MAX_BYTES ? bytes.subarray(at) : null;
    at = end + HEAD_END.length;
  }
};
