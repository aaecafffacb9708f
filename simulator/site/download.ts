// A download of any size up to a gigabyte, whole or in parts: `?mb=10` is so many megabytes, `Range` goes on where another attempt ended.
import type { IncomingMessage, ServerResponse } from 'node:http';

const MEGABYTES_MAX = 1024;
const MEGABYTE = Buffer.alloc(1024 * 1024, 'Sallyport carries this. ');

export const sendDownload = async ({ headers }: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
  const megabytes = Math.min(Math.max(Number(url.searchParams.get('mb')) || 10, 1), MEGABYTES_MAX);
  const bytes = megabytes * MEGABYTE.length;
  const tag = `"${megabytes}"`;
  const first = firstByte(headers, tag);
  if (first >= bytes) return void response.writeHead(416, { 'content-range': `bytes */${bytes}` }).end();

  response.writeHead(first === 0 ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'content-length': bytes - first,
    'content-disposition': `attachment; filename="sample-${megabytes}-mb.bin"`,
    'accept-ranges': 'bytes',
    etag: tag,
    ...(first > 0 && { 'content-range': `bytes ${first}-${bytes - 1}/${bytes}` }),
  });
  for (let at = first; at < bytes && !response.destroyed; ) {
    const part = MEGABYTE.subarray(at % MEGABYTE.length);
    at += part.length;
    if (!response.write(part)) await drained(response);
  }
  response.end();
};

/** Of the rest that is asked for; 0 for all, also when the request is for another version or for a range of another form. */
const firstByte = (headers: IncomingMessage['headers'], tag: string): number => {
  if (headers['if-range'] !== undefined && headers['if-range'] !== tag) return 0;
  return Number(/^bytes=(\d{1,12})-$/.exec(headers.range ?? '')?.[1] ?? 0);
};

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const settle = (): void => {
      response.off('drain', settle).off('close', settle);
      resolve();
    };
    response.once('drain', settle).once('close', settle);
  });
