import { expect, test } from '@jest/globals';
import { decode } from '../../protocol/codec.ts';
import { FRAME_MAX_BYTES, PAYLOAD_MAX_BYTES } from '../../protocol/limits.ts';
import { requestFrames } from './request-frames.ts';

const KEY = new Uint8Array(32);
const head = (url = 'http://o/') => ({
  type: 'request' as const,
  exchange: 'exchange-1',
  n: 0 as const,
  connector: 'c',
  application: 'a',
  user: null,
  method: 'POST',
  url,
  headers: [],
  replyTo: 'r',
  issuedAt: 0,
  timeoutMs: 1,
  verifyCertificate: true,
  hasBody: true,
});

test.each([0, 1, 90_000, PAYLOAD_MAX_BYTES, 98_000, 250_000, 1_000_003])(
  'a body of %i bytes arrives whole, in frames that fit, the last one marked',
  (size) => {
    const body = Buffer.alloc(size, 'x');

    const { first, rest } = requestFrames(head(`http://o/${'p'.repeat(9_000)}`), body, KEY);

    const texts = [first, ...rest];
    const opened = texts.map((text) => decode(text, () => KEY));
    expect(Math.max(...texts.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(FRAME_MAX_BYTES);
    expect(Buffer.concat(opened.map(({ payload }) => payload)).equals(body)).toBe(true);
    expect(opened.map(({ frame }) => ('n' in frame ? frame.n : -1))).toEqual([...opened.keys()]);
    expect(opened.map(({ frame }) => 'end' in frame && frame.end)).toEqual(opened.map((_, at) => at === opened.length - 1));
  },
);

test('a head beyond what a frame carries is ERR_HEADERS_TOO_LARGE', () => {
  expect(() => requestFrames(head('\u00e9'.repeat(40_000)), Buffer.alloc(0), KEY)).toThrow(
    expect.objectContaining({ code: 'ERR_HEADERS_TOO_LARGE' }),
  );
});
