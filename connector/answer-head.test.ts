import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readHead } from './answer-head.ts';

const LINE = 'HTTP/1.1 200 OK\r\n';
const CLOSE = 'Connection: close\r\n\r\n';
const mended = (head: string): string | null => readHead(head).mended;
const refused = (head: string): void => expect(() => readHead(head)).toThrow(expect.objectContaining({ code: 'ERR_ORIGIN_INVALID' }));

test.each([
  `${LINE}\r\n`,
  'HTTP/1.1 200\r\n\r\n',
  'HTTP/1.0 404 \r\nContent-Length: 0\r\n\r\n',
  `${LINE}X:\r\nx-A:b\t\r\nX: \xe9\xa0\r\nTransfer-Encoding: Chunked\r\n\r\n`,
])('what is right is left as it is: %j', (head) => {
  expect(mended(head)).toBe(null);
});

describe('what is harmless is mended, and the connection ends with it', () => {
  test.each([
    ['bare line feeds', 'HTTP/1.1 200 OK\nX: a\nY: b\r\n\n', 'X: a\r\nY: b\r\n'],
    ['folded lines', `${LINE}X: a\r\n  b\r\n\t c\r\n \r\nY: d\r\n\r\n`, 'X: a b c\r\nY: d\r\n'],
    ['a folded line before the first field', `${LINE} X: a\r\nY: b\r\n\r\n`, 'Y: b\r\n'],
    ['a line without a colon, and what continues it', `${LINE}nonsense\r\n X: a\r\nY: b\r\n\r\n`, 'Y: b\r\n'],
    ['a name that is none, and what continues it', `${LINE}X(y): a\r\n X: a\r\n: b\r\nY: c\r\n\r\n`, 'Y: c\r\n'],
    ['blanks behind a name', `${LINE}X \t: a\r\n\r\n`, 'X: a\r\n'],
    ['control bytes in a value', `${LINE}X: a\x01\x1b\x7fb\rY: c\r\n\r\n`, 'X: a   b Y: c\r\n'],
    ['the bytes of letters stay', `${LINE}X: \xe9\xa0\nY: \xa0\xc3\x85\r\n\r\n`, 'X: \xe9\xa0\r\nY: \xa0\xc3\x85\r\n'],
    ['one length twice', `${LINE}Content-Length: 2\r\nX: a\r\ncontent-length: 2\r\n\r\n`, 'X: a\r\nContent-Length: 2\r\n'],
    ['one length twice in a line', `${LINE}Content-Length: 2, 2\r\n\r\n`, 'Content-Length: 2\r\n'],
    ['a length beside chunks', `${LINE}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, 'Transfer-Encoding: chunked\r\n'],
    ['lengths beside chunks', `${LINE}Content-Length: 1, x\r\nTransfer-Encoding: chunked\r\n\r\n`, 'Transfer-Encoding: chunked\r\n'],
    [
      'chunks that are named twice',
      `${LINE}Transfer-Encoding: chunked\r\nTransfer-Encoding: Chunked\r\n\r\n`,
      'Transfer-Encoding: chunked\r\n',
    ],
    ['the coding that is none', `${LINE}Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\n`, 'Content-Length: 3\r\n'],
    ['a status line in small letters', 'http/1.1  200\tfine\r\n\r\n', ''],
    ['a version to come', 'HTTP/1.2 200 OK\r\n\r\n', ''],
    ['control bytes in the reason', 'HTTP/1.1 200 a\x01b\r\n\r\n', ''],
  ])('%s', (_, head, fields) => {
    expect(mended(head)).toBe(`HTTP/1.1 200 \r\n${fields}${CLOSE}`);
  });

  test('chunks of HTTP/1.0, which has none', () => {
    expect(mended('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')).toBe(`HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n${CLOSE}`);
  });
});

describe('what could be read in two ways is refused', () => {
  test.each([
    ['two lengths', `${LINE}Content-Length: 2\r\nContent-Length: 3\r\n\r\n`],
    ['two lengths in a line', `${LINE}Content-Length: 2, 3\r\n\r\n`],
    ['one length written in two ways', `${LINE}Content-Length: 2, 02\r\n\r\n`],
    ['a length in two lines', `${LINE}Content-Length: 2\r\n 3\r\n\r\n`],
    ['no number', `${LINE}Content-Length: +2\r\n\r\n`],
    ['no length', `${LINE}Content-Length:\r\n\r\n`],
    ['a length beyond all numbers', `${LINE}Content-Length: ${'9'.repeat(30)}\r\n\r\n`],
    ['a length with a control byte', `${LINE}Content-Length: 2\x0b3\r\n\r\n`],
    ['a length whose name is none', `${LINE}Content-Length\x0b: 2\r\n\r\n`],
    ['a length without a colon', `${LINE}Content-Length 2\r\n\r\n`],
    ['a coding whose name is none', `${LINE}\x01Transfer-Encoding: chunked\r\n\r\n`],
    ['another coding', `${LINE}Transfer-Encoding: gzip, chunked\r\n\r\n`],
    ['a NUL byte', `${LINE}X: a\0b\r\n\r\n`],
    ['no status', 'HTTP/1.1 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['no HTTP', 'ICY 200 OK\r\n\r\n'],
  ])('%s', (_, head) => refused(head));
});

test('whatever is mended is right, says the same when it is read again, and says no length twice', () => {
  const part = fc.constantFrom(
    'X',
    'Content-Length',
    'Transfer-Encoding',
    ':',
    ' ',
    '\t',
    '\r',
    '\n',
    '\r\n',
    '2',
    '3',
    ',',
    'chunked',
    '\x01',
    '\xa0',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      let text: string | null;
      try {
        text = mended(`${LINE}${parts.join('').split(/\n\r?\n/, 1)}\r\n\r\n`);
      } catch {
        return;
      }
      if (text === null) return;
      expect(mended(text)).toBe(null);
      expect((text.match(/^(?:content-length|transfer-encoding):/gim) ?? []).length).toBeLessThanOrEqual(1);
      expect(text.endsWith(`\r\n${CLOSE}`)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('a head as large as may be is read in linear time, whatever it is made of', () => {
  const SIZE = 32 * 1024;
  const cpu = (make: (size: number) => string, size: number): number => {
    const head = make(size);
    const runs = [1, 2, 3].map(() => {
      const before = process.cpuUsage();
      try {
        readHead(head);
      } catch {
        // Refused in linear time, too.
      }
      return process.cpuUsage(before).user;
    });
    return Math.min(...runs);
  };
  const heads = [' ', '\t', ',', ', ', ' ,', '\r', '\x01', ':', 'a:\r\n', '\r\n ', '\r\n a', '\n', '2, ', 'chunked, '].flatMap((unit) =>
    ['X: ', 'Content-Length: ', 'Transfer-Encoding: ', 'HTTP/1.1', ''].map(
      (before) => (size: number) => `${before === 'HTTP/1.1' ? '' : LINE}${before}${unit.repeat(Math.floor(size / unit.length))}x\r\n\r\n`,
    ),
  );
  for (const head of heads) {
    // Quadratic would be 64 times as much, and half a second.
    expect(cpu(head, SIZE)).toBeLessThan(24 * cpu(head, SIZE / 8) + 100_000);
  }
});
