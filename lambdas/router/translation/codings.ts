// Content codings: what a translated body is unpacked from, and packed into again. In parts, so that nothing waits for the end.
import { pipeline, Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { asSallyportError, SallyportError } from '../../../protocol/errors.ts';

/** Newer runtimes have Zstandard. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  br: () => zlib.createBrotliDecompress(),
  ...(createZstdDecompress && { zstd: createZstdDecompress }),
};

/** Deflate is told by its first byte: with zlib's header as the standard has it, or without as some servers send it. */
export const canDecode = (coding: string): boolean => coding === 'deflate' || Object.hasOwn(DECODERS, coding);

type Parts = AsyncIterable<Buffer>;

/** Throws ERR_ORIGIN_INVALID for a body that is not in this coding, or ends in its midst. */
export async function* decoded(parts: Parts, coding: string | null): AsyncGenerator<Buffer> {
  if (coding === null) return yield* parts;
  const iterator = parts[Symbol.asyncIterator]();
  let first = await iterator.next();
  while (!first.done && first.value.length === 0) first = await iterator.next();
  // No bytes are no bytes in every coding.
  if (first.done) return;
  const start = first.value;
  const decoder = coding === 'deflate' ? inflate(start) : DECODERS[coding]!();
  yield* through(joined(start, iterator), decoder, (error) =>
    (error as NodeJS.ErrnoException).code?.startsWith('Z_') || /zstd|brotli|unexpected end/i.test(String(error))
      ? new SallyportError('ERR_ORIGIN_INVALID', `The origin’s body is not in the coding ${coding} that it names.`, { cause: error })
      : asSallyportError(error),
  );
}

/** Each part leaves packed before the next comes. */
export const gzipped = (parts: Parts): AsyncGenerator<Buffer> =>
  through(parts, zlib.createGzip({ level: 4, flush: zlib.constants.Z_SYNC_FLUSH }), asSallyportError);

const inflate = (start: Buffer): Transform => ((start[0]! & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw());

async function* joined(start: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield start;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** Reads one part ahead at most, so that a slow user slows the origin. */
async function* through(parts: Parts, coder: Transform, failed: (error: unknown) => Error): AsyncGenerator<Buffer> {
  const output = pipeline(Readable.from(parts, { highWaterMark: 1 }), coder, () => undefined);
  try {
    yield* output as AsyncIterable<Buffer>;
  } catch (error) {
    throw failed(error);
  }
}
