import { describe, expect, test } from '@jest/globals';
import { type WebSocketFault, WebSocketReader } from './web-socket-reader.ts';

const LIMIT = 1_000_000;

/** A frame as a server sends it. `said`: the length that it claims. */
const frame = (begin: number, payload: Buffer | string = '', said = Buffer.byteLength(payload)): Buffer => {
  const head = Buffer.alloc(said < 126 ? 2 : said < 65_536 ? 4 : 10);
  head[0] = begin;
  head[1] = said < 126 ? said : said < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(said, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(said), 2);
  return Buffer.concat([head, Buffer.from(payload as string)]);
};
const [TEXT, BINARY, MORE, CLOSE, PING, PONG] = [0x81, 0x82, 0x00, 0x88, 0x89, 0x8a];
const FIRST_TEXT = 0x01;
const FIRST_BINARY = 0x02;
const LAST = 0x80;

/** Whole messages, pings and closes of what comes in these chunks; at last the code of the fault. */
const read = (...chunks: Buffer[]): unknown[] => {
  const reader = new WebSocketReader(LIMIT);
  const got: unknown[] = [];
  let text = '';
  try {
    for (const chunk of chunks) {
      for (const received of reader.read(chunk)) {
        if (received.type === 'part') {
          text += received.data.toString('latin1');
          if (!received.more) got.push(`${received.kind} ${text}`);
          if (!received.more) text = '';
        } else {
          got.push(received.type === 'ping' ? `ping ${received.data}` : `close ${received.code} ${received.reason}`);
        }
      }
    }
  } catch (error) {
    got.push((error as WebSocketFault).code);
  }
  return got;
};

test('messages, whole or in parts, with pings between them, however they are cut', () => {
  const all = Buffer.concat([
    frame(TEXT, 'one'),
    frame(BINARY),
    frame(FIRST_TEXT, 'l\u00f6'),
    frame(PING, 'alive?'),
    frame(MORE),
    frame(MORE, 'ng'),
    frame(PONG, 'unasked'),
    frame(LAST, 'est'),
    frame(FIRST_BINARY),
    frame(LAST),
    frame(BINARY, 'x'.repeat(200)),
    frame(CLOSE, Buffer.concat([Buffer.of(0x0b, 0xb9), Buffer.from('done')])),
  ]);
  const wanted = [
    'text one',
    'binary ',
    'ping alive?',
    'text l\u00c3\u00b6ngest',
    'binary ',
    `binary ${'x'.repeat(200)}`,
    'close 3001 done',
  ];

  for (let cut = 0; cut <= all.length; cut += 1) expect(read(all.subarray(0, cut), all.subarray(cut))).toEqual(wanted);
  expect(read(...[...all].map((byte) => Buffer.of(byte)))).toEqual(wanted);
});

test('a message goes on as it comes, and none of it is kept', () => {
  const reader = new WebSocketReader(64 * 1024 * 1024);
  const chunk = Buffer.alloc(64 * 1024, 'a');
  const [head] = [frame(BINARY, '', 60_000_000)];
  expect([...reader.read(head)]).toEqual([]);

  for (let bytes = 0; bytes < 50_000_000; bytes += chunk.length) {
    const [part, ...others] = [...reader.read(chunk)];

    expect([part?.type === 'part' && part.data.length, part?.type === 'part' && part.more, others]).toEqual([chunk.length, true, []]);
  }
});

describe('what is no WebSocket is refused with its code', () => {
  test.each([
    ['an extension', 1002, frame(0xc1, 'x')],
    ['a mask', 1002, Buffer.of(TEXT, 0x81, 0, 0, 0, 0, 0)],
    ['an opcode that is none', 1002, frame(0x83)],
    ['a control frame that is none', 1002, frame(0x8b)],
    ['a control frame in parts', 1002, frame(0x09)],
    ['a control frame that is too long', 1002, frame(PING, 'x'.repeat(126))],
    ['a part of nothing', 1002, frame(LAST, 'x')],
    ['a message within another', 1002, Buffer.concat([frame(FIRST_TEXT, 'x'), frame(TEXT, 'y')])],
    ['a text that is not in UTF-8', 1007, frame(TEXT, Buffer.of(0xff))],
    ['a text whose last letter is cut', 1007, Buffer.concat([frame(FIRST_TEXT, Buffer.of(0xc3)), frame(LAST)])],
    ['a message that is too large', 1009, frame(BINARY, '', LIMIT + 1)],
    ['a message that is too large in parts', 1009, Buffer.concat([frame(FIRST_BINARY, 'x'), frame(MORE, '', LIMIT)])],
    ['a length beyond all numbers', 1009, Buffer.of(BINARY, 127, 255, 255, 255, 255, 255, 255, 255, 255)],
    ['half a code', 1002, frame(CLOSE, 'x')],
    ['a code that is never sent', 1002, frame(CLOSE, Buffer.of(0x03, 0xed))],
    ['a code that is none', 1002, frame(CLOSE, Buffer.of(0, 0))],
    ['a reason that is not in UTF-8', 1007, frame(CLOSE, Buffer.of(0x03, 0xe8, 0xff))],
  ])('%s', (_, code, bytes) => {
    expect(read(bytes).at(-1)).toBe(code);
    expect(read(...[...bytes].map((byte) => Buffer.of(byte))).at(-1)).toBe(code);
  });
});
