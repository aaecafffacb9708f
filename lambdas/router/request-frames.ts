// The frames of a request: the first holds the head and what fits of the body, the others the rest.
import { encode, type FrameKey } from '../../protocol/codec.ts';
import { SallyportError } from '../../protocol/errors.ts';
import type { RequestFrame } from '../../protocol/frames.ts';
import { FRAME_MAX_BYTES, HEADER_LINE_MAX_BYTES, PAYLOAD_MAX_BYTES } from '../../protocol/limits.ts';

/** Two line breaks and the seal, and a little more, so that the sum needs no care. */
const SEAL_ROOM_BYTES = 64;

/** `rest` is made as it is read. Throws ERR_HEADERS_TOO_LARGE. */
export const requestFrames = (
  head: Omit<RequestFrame, 'end'>,
  body: Buffer,
  key: FrameKey,
): { readonly first: string; readonly rest: Iterable<string> } => {
  const headerBytes = Buffer.byteLength(JSON.stringify({ ...head, end: false }));
  if (headerBytes > HEADER_LINE_MAX_BYTES) {
    throw new SallyportError(
      'ERR_HEADERS_TOO_LARGE',
      `The request's head takes ${headerBytes} bytes; at most ${HEADER_LINE_MAX_BYTES} are carried.`,
    );
  }

  const room = Math.floor((FRAME_MAX_BYTES - headerBytes - SEAL_ROOM_BYTES) / 4) * 3;
  const first = encode({ ...head, end: body.length <= room && head.upload === undefined }, key, body.subarray(0, room));
  return { first, rest: bodyFrames(head.exchange, body.subarray(room), key) };
};

function* bodyFrames(exchange: string, body: Buffer, key: FrameKey): Generator<string> {
  for (let at = 0, n = 1; at < body.length; at += PAYLOAD_MAX_BYTES, n += 1) {
    const end = at + PAYLOAD_MAX_BYTES >= body.length;
    yield encode({ type: 'body', exchange, n, end }, key, body.subarray(at, at + PAYLOAD_MAX_BYTES));
  }
}
