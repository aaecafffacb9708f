// Hides `100 Continue` from the HTTP client: some origins send it unasked, every client must be able to read it (RFC 9110 §15.2.1),
// and undici takes it for a broken answer. Other interim answers undici leaves out by itself.
import type { Socket } from 'node:net';

const REQUEST_LINE = / HTTP\/1\.1\r\n/;
const STATUS_LINE = 'HTTP/1.1 100';
const HEAD_END = '\r\n\r\n';
/** A longer head is none of these. */
const HEAD_MAX_BYTES = 4096;

/** The same socket: what it reads at the beginning of an answer is looked at first. */
export const withoutContinue = <Connection extends Pick<Socket, 'read' | 'write'>>(socket: Connection): Connection => {
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
      const rest = afterContinues(held);
      if (rest === null) continue;
      held = Buffer.alloc(0);
      atHead = false;
      return rest;
    }
  }) as Connection['read'];
  return socket;
};

/** What follows the interim answers; null when it cannot be said yet. */
const afterContinues = (bytes: Buffer): Buffer | null => {
  let at = 0;
  for (;;) {
    const begin = bytes.toString('latin1', at, at + STATUS_LINE.length);
    if (begin !== STATUS_LINE) return begin.length < STATUS_LINE.length && STATUS_LINE.startsWith(begin) ? null : bytes.subarray(at);
    const end = bytes.indexOf(HEAD_END, at);
    if (end < 0) return bytes.length - at > HEAD_MAX_BYTES ? bytes.subarray(at) : null;
    at = end + HEAD_END.length;
  }
};
