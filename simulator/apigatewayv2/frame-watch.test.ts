// Literal bytes of the wire (RFC 6455 §5.7), as a client sends them: masked.
import { expect, test } from '@jest/globals';
import { createFrameWatch } from './frame-watch.ts';

const MASK = '00000000';
const bytes = (...parts: Array<string | number>) =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.alloc(part) : Buffer.from(part.replaceAll(' ', ''), 'hex'))));

const watch = () => createFrameWatch({ frameBytes: 70_000, messageBytes: 140_000 });

test.each([
  ['7 bits of length', bytes('81 85', MASK, 5)],
  ['16 bits of length', bytes('81 fe 01 00', MASK, 256)],
  ['64 bits of length', bytes('81 ff 0000000000011170', MASK, 70_000)],
  ['an empty frame', bytes('81 80', MASK)],
])('a frame with %s passes, also byte by byte, and the next one is found', (_, frame) => {
  const whole = watch();
  const slow = watch();
  const tooLarge = bytes('81 ff 0000000000011171', MASK);

  const answers = [...frame].map((byte) => slow(Buffer.from([byte])));

  expect(whole(frame)).toBeUndefined();
  expect(answers.every((answer) => answer === undefined)).toBe(true);
  expect(whole(tooLarge)).toBe('frame');
  expect([...tooLarge].map((byte) => slow(Buffer.from([byte]))).filter(Boolean)).toEqual(['frame']);
});

test('fragments are one message, and a ping among them is none of it', () => {
  const read = watch();
  const first = bytes('01 ff 0000000000011170', MASK, 70_000);
  const ping = bytes('89 85', MASK, 5);
  const last = bytes('80 ff 0000000000011170', MASK, 70_000);
  const more = bytes('80 81', MASK, 1);

  expect([first, ping, last].map(read)).toEqual([undefined, undefined, undefined]);
  expect(read(more)).toBe('message');
});

test('a new message is counted from nothing', () => {
  const read = watch();
  const message = bytes('81 ff 0000000000011170', MASK, 70_000);

  expect([message, message, message].map(read)).toEqual([undefined, undefined, undefined]);
});
