// Content codings (RFC 9110 §8.4.1): the one table of those that we read, for everything that reads a body on its way.
import { once } from 'node:events';
import { pipeline, Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { asSallyportError, SallyportError } from './errors.ts';
import type { HeaderList } from './frames.ts';

/** Newer runtimes have Zstandard. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

/** `start` is two bytes of the body, or all of it. */
const DECODERS: Readonly<Record<string, (start: Buffer) => Transform>> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  br: () => zlib.createBrotliDecompress(),
  // With zlib's header as the standard has it (RFC 1950 §2.2), or without as some servers send it.
  deflate: (start) =>
    (start[0]! & 0x8f) === 8 && (start.length < 2 || start.readUInt16BE() % 31 === 0) ? zlib.createInflate() : zlib.createInflateRaw(),
  ...(createZstdDecompress && { zstd: createZstdDecompress }),
};
/** What servers say that code nothing: browsers take such a body as it is. A charset in the wrong field is as common. */
const NOT_CODED: ReadonlySet<string> = new Set(['', 'identity', 'none', 'null', 'plain', 'text', 'binary', '7bit', '8bit']);
/** No server has a reason for more. */
const CODINGS_MAX = 3;

export const canDecode = (coding: string): boolean => Object.hasOwn(DECODERS, coding);

/** What a body must be unpacked from, last first; none for one that is plain. Null where that cannot be done. */
export const codingsOf = (headers: HeaderList): readonly string[] | null => {
  const named = headers
    .filter(([name]) => name.toLowerCase() === 'content-encoding')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((coding) => coding.trim().replace(/^"(.*)"$/, '$1'))
    .filter((coding) => !NOT_CODED.has(coding) && !isCharset(coding));
  return named.length <= CODINGS_MAX && named.every(canDecode) ? named.reverse() : null;
};

const isCharset = (label: string): boolean => {
  try {
    return new TextDecoder(label).encoding !== '';
  } catch {
    return false;
  }
};

type Parts = AsyncIterable<Buffer>;

/** Throws ERR_ORIGIN_INVALID for a body that is not in these codings, or ends in its midst. */
export const decoded = (parts: Parts, codings: readonly string[]): Parts => codings.reduce(decodedFrom, parts);

async function* decodedFrom(parts: Parts, coding: string): AsyncGenerator<Buffer> {
  const iterator = parts[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  let next = await iterator.next();
  for (; !next.done; next = await iterator.next()) {
    start = Buffer.concat([start, next.value]);
    if (start.length >= 2) break;
  }
  // No bytes are no bytes in every coding.
  if (start.length === 0) return;
  yield* through(joined(start, iterator), DECODERS[coding]!(start), (error) =>
    /\bZ_|zstd|brotli|unexpected end/i.test(`${(error as NodeJS.ErrnoException).code} ${error}`)
      ? new SallyportError('ERR_ORIGIN_INVALID', `The origin’s body is not in the coding ${coding} that it names.`, { cause: error })
      : asSallyportError(error),
  );
}

/** What the first part of a body says, whatever of it is still to come, up to `max` bytes. Empty where it cannot be read. */
export const decodedStart = async (part: Buffer, codings: readonly string[], max: number): Promise<Buffer> => {
  let start = part;
  for (const coding of codings) start = start.length === 0 ? start : await startThrough(start, DECODERS[coding]!(start), max);
  return start.subarray(0, max);
};

const startThrough = async (part: Buffer, decoder: Transform, max: number): Promise<Buffer> => {
  const out: Buffer[] = [];
  let bytes = 0;
  const enough = new AbortController();
  decoder.on('data', (chunk: Buffer) => {
    out.push(chunk);
    bytes += chunk.length;
    if (bytes >= max) enough.abort();
  });
  // Never ended: it would complain that the rest is missing.
  const written = new Promise<void>((resolve) => decoder.write(part, () => resolve()));
  const failed = once(decoder, 'error', { signal: enough.signal }).catch(() => undefined);
  await Promise.race([written, failed]);
  enough.abort();
  decoder.on('error', () => undefined).destroy();
  return Buffer.concat(out);
};

/** Each part leaves packed before the next comes. */
export const gzipped = (parts: Parts): AsyncGenerator<Buffer> =>
  through(parts, zlib.createGzip({ level: 4, flush: zlib.constants.Z_SYNC_FLUSH }), asSallyportError);

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
