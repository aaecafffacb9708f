// Bodies of megabytes: a download whose bytes are counted, and the form of an upload.
import { request } from 'undici';
import { type Context, type Events, measured, setting } from './events.ts';

const MEGABYTE = 1024 * 1024;
const DOWNLOAD_MEGABYTES = 20;
const PICTURE_BYTES = 2 * MEGABYTE;
const BOUNDARY = 'sallyport-load-test';

export const download = async (_: Context, events: Events): Promise<void> => {
  await measured(events, 'download.time', async () => {
    const { statusCode, body } = await request(`${setting('LOAD_TARGET')}/download?mb=${DOWNLOAD_MEGABYTES}`, {
      headers: { cookie: setting('LOAD_COOKIE') },
    });
    let bytes = 0;
    for await (const part of body) bytes += (part as Buffer).length;
    if (statusCode !== 200 || bytes !== DOWNLOAD_MEGABYTES * MEGABYTE) throw new Error(`status ${statusCode}, ${bytes} bytes`);
    events.emit('counter', 'download.whole', 1);
    events.emit('counter', 'download.bytes', bytes);
  });
};

const form = (): Buffer => {
  const part = (head: string) => Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`);
  return Buffer.concat([
    part('name="text"'),
    Buffer.from('From the load test\r\n'),
    part('name="picture"; filename="picture.png"\r\nContent-Type: image/png'),
    Buffer.alloc(PICTURE_BYTES, 'A picture. '),
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);
};

/** What a browser would send for the guestbook's form. */
export const withPicture = async (asked: { headers?: Record<string, string>; body?: Buffer }): Promise<void> => {
  asked.headers = {
    ...asked.headers,
    'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
    origin: setting('LOAD_TARGET'),
  };
  asked.body = form();
};
