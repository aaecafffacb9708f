import { brotliCompressSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compress, decompress } from './coding.ts';
import { DECODED_MAX_BYTES } from './limits.ts';

test('what was compressed comes out as it was', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.integer({ min: 0, max: 200 }), (bytes, repeated) => {
      const whole = Buffer.concat(Array.from({ length: repeated }, () => bytes));

      expect(decompress(compress(whole)).equals(whole)).toBe(true);
    }),
  );
});

test('the largest payload opens, one byte more is refused, whatever it would open to', () => {
  const bomb = brotliCompressSync(Buffer.alloc(16 * 1024 * 1024));

  expect(decompress(compress(Buffer.alloc(DECODED_MAX_BYTES)))).toHaveLength(DECODED_MAX_BYTES);
  expect(() => decompress(compress(Buffer.alloc(DECODED_MAX_BYTES + 1)))).toThrow(
    expect.objectContaining({ code: 'ERR_FRAME_INVALID', message: expect.stringContaining('524288 bytes at most') }),
  );
  expect(bomb.length).toBeLessThan(1_000);
  expect(() => decompress(bomb)).toThrow(expect.objectContaining({ code: 'ERR_FRAME_INVALID' }));
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('no brotli at all')],
  ['half of it', compress(Buffer.from('text '.repeat(1_000))).subarray(0, 10)],
])('%s is refused', (_, payload) => {
  expect(() => decompress(payload)).toThrow(expect.objectContaining({ code: 'ERR_FRAME_INVALID' }));
});
