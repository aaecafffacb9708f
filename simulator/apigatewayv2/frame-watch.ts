// Reads the frame headers of a client's byte stream (RFC 6455 §5.2), because `ws` tells messages and not frames.

export interface FrameLimits {
  readonly frameBytes: number;
  readonly messageBytes: number;
}

export type Excess = 'frame' | 'message';

const HEAD_BYTES = 2;
const MASK_BYTES = 4;
const CONTINUATION = 0;
const FIRST_CONTROL = 8;

/** Takes the stream as it comes; answers what a frame exceeds, as soon as its header says so. */
export const createFrameWatch = ({ frameBytes, messageBytes }: FrameLimits): ((chunk: Buffer) => Excess | undefined) => {
  let header = Buffer.alloc(0);
  /** Payload bytes of the frame that are still to come. */
  let skip = 0;
  let message = 0;

  const enter = (length: number, opcode: number): Excess | undefined => {
    skip = length;
    header = Buffer.alloc(0);
    if (length > frameBytes) return 'frame';
    if (opcode >= FIRST_CONTROL) return undefined;
    message = (opcode === CONTINUATION ? message : 0) + length;
    return message > messageBytes ? 'message' : undefined;
  };

  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      const skipped = Math.min(skip, chunk.length - at);
      skip -= skipped;
      at += skipped;
      if (at === chunk.length) break;
      header = Buffer.concat([header, chunk.subarray(at, at + 1)]);
      at += 1;
      const size = headerSize(header);
      if (header.length < size) continue;
      const excess = enter(payloadLength(header), header[0]! & 0x0f);
      if (excess) return excess;
    }
    return undefined;
  };
};

const headerSize = (header: Buffer): number => {
  if (header.length < HEAD_BYTES) return HEAD_BYTES;
  const short = header[1]! & 0x7f;
  const extended = short === 127 ? 8 : short === 126 ? 2 : 0;
  return HEAD_BYTES + extended + ((header[1]! & 0x80) === 0 ? 0 : MASK_BYTES);
};

const payloadLength = (header: Buffer): number => {
  const short = header[1]! & 0x7f;
  if (short === 126) return header.readUInt16BE(HEAD_BYTES);
  return short === 127 ? Number(header.readBigUInt64BE(HEAD_BYTES)) : short;
};
