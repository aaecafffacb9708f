// An origin with one large file that can be resumed (ranges, a strong validator) and a place that tells what was uploaded to it.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { drained } from './pour.ts';

export interface LargeFile {
  /** Ends with `/`. The file is `file.bin` below it; what is posted to `upload` is answered with its SHA-256. */
  readonly url: string;
  readonly bytes: number;
  /** SHA-256 of the file, hexadecimal. */
  digest(): string;
  /** The `Range` field of each request for the file so far; null for all of it. */
  readonly asked: ReadonlyArray<string | null>;
  /** Resolves when the next upload has begun. */
  uploading(): Promise<void>;
  dispose(): Promise<void>;
}

const BLOCK_BYTES = 1024 * 1024;
/** Each so many bytes hold their own position, so that no part can take another's place unseen. */
const MARK_EVERY_BYTES = 4096;
const TAG = '"the-only-version"';

const block = Buffer.from(Uint8Array.from({ length: BLOCK_BYTES }, (_, at) => (at * 131 + (at >> 8) * 31 + (at >> 16)) % 256));

/** The block that begins at `start`. The buffer is used again for the next one. */
const blockAt = (start: number): Buffer => {
  for (let at = 0; at < BLOCK_BYTES; at += MARK_EVERY_BYTES) block.writeDoubleBE(start + at, at);
  return block;
};

export const startLargeFile = async (blocks: number): Promise<LargeFile> => {
  const bytes = blocks * BLOCK_BYTES;
  const asked: Array<string | null> = [];
  let noteUpload: () => void = () => {};

  const sendFile = async ({ headers }: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked.push(headers.range ?? null);
    const fresh = headers['if-range'] === undefined || headers['if-range'] === TAG;
    const [, from, to] = (fresh && /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')) || [];
    const first = Number(from ?? 0);
    const end = to ? Number(to) + 1 : bytes;
    const fields = { 'Content-Type': 'application/octet-stream', 'Content-Length': end - first, ETag: TAG, 'Accept-Ranges': 'bytes' };
    response.writeHead(from === undefined ? 200 : 206, {
      ...fields,
      'Content-Disposition': 'attachment; filename="file.bin"',
      ...(from !== undefined && { 'Content-Range': `bytes ${first}-${end - 1}/${bytes}` }),
    });
    for (let at = first; at < end && !response.destroyed; ) {
      const start = at - (at % BLOCK_BYTES);
      const part = blockAt(start).subarray(at - start, Math.min(BLOCK_BYTES, end - start));
      // A copy: what waits in the socket must not change with the next block.
      if (!response.write(Buffer.from(part))) await drained(response);
      at += part.length;
    }
    response.end();
  };

  const takeUpload = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    noteUpload();
    const hash = createHash('sha256');
    for await (const chunk of request) hash.update(chunk as Buffer);
    response.end(hash.digest('hex'));
  };

  const server = createServer((request, response) => {
    const serve = request.method === 'POST' ? takeUpload : request.url === '/file.bin' ? sendFile : null;
    if (serve === null) response.end('A file is at file.bin.');
    else serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    bytes,
    digest: () => {
      const hash = createHash('sha256');
      for (let start = 0; start < bytes; start += BLOCK_BYTES) hash.update(blockAt(start));
      return hash.digest('hex');
    },
    asked,
    uploading: () =>
      new Promise((resolve) => {
        noteUpload = resolve;
      }),
    dispose: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
