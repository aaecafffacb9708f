import { describe, expect, test } from '@jest/globals';
import { HEAD_MAX_BYTES, HeadReader, INTERIM_MAX, INTERIM_MAX_BYTES } from './head-reader.ts';

const CONTINUE = 'HTTP/1.1 100 Continue\r\nX-A: b\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n';

/** What the HTTP client is given, or the code of the refusal; null: nothing yet. */
const read = (chunks: Iterable<Buffer>, upgrade = false): string | null => {
  const reader = new HeadReader({ upgrade });
  try {
    for (const chunk of chunks) {
      const answer = reader.push(chunk);
      if (answer !== null) return answer.toString('latin1');
    }
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
};
const bytes = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text, 'latin1'));
const singly = (text: string): Buffer[] => [...Buffer.from(text, 'latin1')].map((byte) => Buffer.of(byte));

test('an answer is given from its head on, without what came before it, however it is cut', () => {
  const all = `\r\n\r\n${CONTINUE}${HINTS}\r\n${CONTINUE}${OK}ok`;
  for (let cut = 0; cut < all.length; cut += 1) {
    const [one, other] = [all.slice(0, cut), all.slice(cut)];

    const answer = read(bytes(one, other));

    expect(answer).toBe(OK + (one.length >= all.length - 2 ? one.slice(all.length - 2) : 'ok'));
  }
  expect(read(singly(all))).toBe(OK);
});

test('a change of the protocol is an answer where one was asked for, and refused elsewhere', () => {
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n';

  expect(read(bytes(CONTINUE + switching), true)).toBe(switching);
  expect(read(bytes(CONTINUE + switching))).toBe('ERR_ORIGIN_INVALID');
});

describe('nothing before an answer is without end', () => {
  const CHUNK = 64 * 1024;

  /** How many chunks are taken of an origin that never stops; the code that ends it. */
  const endless = (first: string, again: string): { readonly code: string | null; readonly taken: number } => {
    const chunk = Buffer.from(again.repeat(Math.ceil(CHUNK / again.length)), 'latin1');
    let taken = 0;
    const code = read(
      (function* () {
        yield* bytes(first);
        for (; taken < 1_000; taken += 1) yield chunk;
      })(),
    );
    return { code, taken };
  };

  test.each([
    ['interim answers', '', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['interim answers with fields', '', HINTS],
    ['one interim answer', 'HTTP/1.1 100 Continue\r\n', 'X: y\r\n'],
    ['empty lines', '', '\r\n'],
    ['bare line feeds', '', '\n'],
    ['a status line', 'HTTP/1.1 200 ', 'x'],
    ['the blanks of a status line', 'HTTP/1.1', ' '],
    ['one field', 'HTTP/1.1 200 OK\r\nX: ', 'x'],
    ['fields', 'HTTP/1.1 200 OK\r\n', 'a:\r\n'],
    ['folded lines', 'HTTP/1.1 200 OK\r\nX: a\r\n', ' \r\n'],
    ['carriage returns', 'HTTP/1.1 200 OK\r\n', '\r'],
    ['something else', '', 'SSH-2.0-OpenSSH\r\n'],
  ])('%s', (_, first, again) => {
    expect(endless(first, again)).toEqual({ code: 'ERR_ORIGIN_INVALID', taken: expect.any(Number) });
    expect(endless(first, again).taken).toBeLessThanOrEqual(INTERIM_MAX_BYTES / CHUNK);
  });

  test('and what is below the limits is read', () => {
    expect(read(bytes('HTTP/1.1 102 Processing\r\n\r\n'.repeat(INTERIM_MAX), OK))).toBe(OK);
    expect(read(bytes('HTTP/1.1 102 Processing\r\n\r\n'.repeat(INTERIM_MAX + 1), OK))).toBe('ERR_ORIGIN_INVALID');
    const large = `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(HEAD_MAX_BYTES - 24)}\r\n\r\n`;
    expect(read(bytes(large))).toBe(large);
    expect(read(singly(large))).toBe(large);
    expect(read(singly(large.replace('xx', 'xxx')))).toBe('ERR_ORIGIN_INVALID');
  });
});
