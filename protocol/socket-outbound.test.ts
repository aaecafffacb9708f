import { expect, test } from '@jest/globals';
import {
  CLIENT_FRAME_MAX_BYTES,
  SOCKET_CLIENT_PAYLOAD_BYTES,
  SOCKET_PROGRAM_PAYLOAD_BYTES,
  SOCKET_WINDOW_BYTES,
  WINDOW_BYTES,
} from './limits.ts';
import { SocketOutbound, type Unheard } from './socket-outbound.ts';
import { fromBase64, toBase64 } from './socket-payload.ts';

/** As the client puts it into words, with everything that a frame may say. */
const textOf = ({ n, head, payload }: Unheard): string =>
  `${JSON.stringify({ n, ...head, received: 123_456, limit: 123_456_789_012, tunnel: 'a'.repeat(40) })}\n${payload}`;

test.each([0, 1, 7, 88, 380, 5_000, 100_000])('messages of %i bytes fill frames that API Gateway takes, and none is left out', (bytes) => {
  const outbound = new SocketOutbound();
  outbound.allow(1_000 * WINDOW_BYTES);
  for (let n = 0; n < 600; n += 1) outbound.add(new Uint8Array(bytes), 'binary');
  outbound.close({ code: 3000, reason: '\u0001'.repeat(123) });

  const frames: Unheard[] = [];
  for (
    let next = outbound.next(SOCKET_CLIENT_PAYLOAD_BYTES, SOCKET_CLIENT_PAYLOAD_BYTES, () => true);
    next;
    next = outbound.next(SOCKET_CLIENT_PAYLOAD_BYTES, SOCKET_CLIENT_PAYLOAD_BYTES, () => true)
  ) {
    frames.push(next);
  }

  expect(frames.flatMap(({ head }) => head.parts).filter(([, , more]) => !more)).toHaveLength(600);
  expect(frames.reduce((sum, { payload }) => sum + fromBase64(payload).length, 0)).toBe(600 * bytes);
  expect(Math.max(...frames.map((frame) => textOf(frame).length))).toBeLessThanOrEqual(CLIENT_FRAME_MAX_BYTES);
});

test('no more is under way than the window allows, and one frame above it; what was heard makes room', () => {
  const outbound = new SocketOutbound();
  outbound.allow(SOCKET_WINDOW_BYTES);
  outbound.add(new Uint8Array(10 * SOCKET_WINDOW_BYTES), 'binary');
  const next = () => outbound.next(SOCKET_CLIENT_PAYLOAD_BYTES, SOCKET_CLIENT_PAYLOAD_BYTES, () => false);
  const fill = () => {
    let frames = 0;
    while (next()) frames += 1;
    return frames;
  };

  const first = fill();
  outbound.acknowledge(6, SOCKET_WINDOW_BYTES + 6 * SOCKET_CLIENT_PAYLOAD_BYTES);

  expect([first, fill(), outbound.unheard[0]!.n]).toEqual([12, 6, 6]);
});

test('a larger frame goes no further above the window than a small one may', () => {
  const outbound = new SocketOutbound();
  outbound.allow(SOCKET_WINDOW_BYTES);
  outbound.add(new Uint8Array(1), 'binary');
  const next = () => outbound.next(SOCKET_CLIENT_PAYLOAD_BYTES, SOCKET_PROGRAM_PAYLOAD_BYTES, () => false);
  const sizes: number[] = [next()!.bytes];
  outbound.add(new Uint8Array(2 * SOCKET_WINDOW_BYTES), 'binary');
  for (let frame = next(); frame; frame = next()) sizes.push(frame.bytes);

  expect(Math.max(...sizes)).toBeGreaterThan(80 * 1024);
  expect(sizes.reduce((sum, bytes) => sum + bytes)).toBeLessThanOrEqual(SOCKET_WINDOW_BYTES + SOCKET_CLIENT_PAYLOAD_BYTES);
  expect(sizes.length).toBeLessThanOrEqual(5);
});

test.each([0, 1, 2, 3, 8_191, 8_192, 8_193, 100_000])('%i bytes are the same after their way through Base64', (length) => {
  const bytes = Uint8Array.from({ length }, (_, at) => (at * 7_919) & 0xff);

  const text = toBase64(bytes);

  expect(text).toBe(Buffer.from(bytes).toString('base64'));
  expect(Buffer.compare(fromBase64(text), bytes)).toBe(0);
});
