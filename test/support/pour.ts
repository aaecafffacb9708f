// An origin's side of a download that has no end in sight.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

const BLOCK = Buffer.alloc(1024 * 1024, 'Sallyport ');

export interface Poured {
  /** Blocks of 1 MiB that were written so far. */
  written: number;
  /** All were written, and nobody had closed the connection before. */
  finished: boolean;
}

/** Writes so many blocks, as fast as it is let. */
export const pour = (response: ServerResponse, blocks: number): Poured => {
  const poured: Poured = { written: 0, finished: false };
  const run = async (): Promise<void> => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    for (; poured.written < blocks && !response.destroyed; poured.written += 1) {
      if (!response.write(BLOCK)) await drained(response);
    }
    poured.finished = !response.destroyed;
    response.end();
  };
  void run();
  return poured;
};

/** Resolves when more may be written, or nobody wants it any more. */
export const drained = async (response: ServerResponse): Promise<void> => {
  const settled = new AbortController();
  await Promise.race([once(response, 'drain', settled), once(response, 'close', settled)]);
  settled.abort();
};
