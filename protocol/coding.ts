// How a payload may be compressed on the tunnel: frame by frame, so that one that comes late, twice or elsewhere opens like any other.
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { SallyportError } from './errors.ts';
import { DECODED_MAX_BYTES } from './limits.ts';

/** RFC 7932, under its name in HTTP. Its lowest quality: docs/decisions/0006 has what others would cost. */
export const CODINGS = ['br'] as const;

export type Coding = (typeof CODINGS)[number];

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants;
const QUALITY = 1;
/** 512 KiB: a frame holds no more. */
const WINDOW_BITS = 19;

/** `bytes` are at most DECODED_MAX_BYTES. */
export const compress = (bytes: Uint8Array): Buffer =>
  brotliCompressSync(bytes, {
    params: { [BROTLI_PARAM_QUALITY]: QUALITY, [BROTLI_PARAM_LGWIN]: WINDOW_BITS, [BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });

/** Throws ERR_FRAME_INVALID for what does not open, or opens to more than a sender may put into one frame. */
export const decompress = (payload: Uint8Array): Buffer => {
  try {
    return brotliDecompressSync(payload, { maxOutputLength: DECODED_MAX_BYTES });
  } catch (cause) {
    const what = `is no Brotli of ${DECODED_MAX_BYTES} bytes at most`;
    throw new SallyportError('ERR_FRAME_INVALID', `A compressed payload of ${payload.length} bytes ${what}.`, { cause });
  }
};
