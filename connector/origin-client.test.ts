import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { settled } from './testing/manual-clock.ts';
import { call, createOrigins, serveRaw } from './testing/origins.ts';

/** An origin that answers each request with these bytes; `answered` resolves with the socket once they are on their way. */
const serve = async (
  bytes: Uint8Array,
): Promise<{ readonly origin: string; readonly answered: Promise<Socket>; readonly connections: () => number }> => {
  let connections = 0;
  let tell: (socket: Socket) => void;
  const answered = new Promise<Socket>((resolve) => (tell = resolve));
  const host = await serveRaw((socket) => {
    connections += 1;
    socket.on('data', () => void socket.write(bytes, () => tell(socket)));
  });
  return { origin: `http://${host}`, answered, connections: () => connections };
};

const readAll = async (body: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const content = (bytes: number): Buffer => Buffer.alloc(bytes, 'of a length that is prime to all others.');
const chunked = (body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
const head = (...fields: string[]): string => `HTTP/1.1 200 OK\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;

describe('an answer that waits for its user is whole, though the origin has closed the connection meanwhile', () => {
  // Around what undici holds of a body that nobody takes, 64 KiB, and what a socket reads at once.
  const sizes = [1, 65_000, 66_000, 100_000, 131_072, 150_000];

  test.each([
    ['one that was to be kept', (body: Buffer) => [head(`Content-Length: ${body.length}`), body]],
    ['one that was to be kept, chunked', (body: Buffer) => [head('Transfer-Encoding: chunked'), chunked(body)]],
    ['one that was not', (body: Buffer) => [head('Connection: close', `Content-Length: ${body.length}`), body]],
    ['one whose end is the end of the answer', (body: Buffer) => [head('Connection: close'), body]],
  ])('%s', async (_, answer) => {
    for (const size of sizes) {
      const sent = content(size);
      const { origin, answered } = await serve(Buffer.concat(answer(sent).map((part) => Buffer.from(part))));
      const { body } = await createOrigins().call(call({ origin }));
      const socket = await answered;
      socket.end();
      await once(socket, 'finish');
      await settled();

      const got = await readAll(body);

      expect([size, got.equals(sent)]).toEqual([size, true]);
    }
  });
});

test('a reset while an answer waits for its user breaks that answer, and nothing else', async () => {
  const { origin, answered } = await serve(
    Buffer.concat([Buffer.from(head('Connection: close', 'Content-Length: 1000000')), content(70_000)]),
  );
  const { body } = await createOrigins().call(call({ origin }));
  const socket = await answered;
  socket.resetAndDestroy();
  await once(socket, 'close');
  await settled();

  await expect(readAll(body)).rejects.toMatchObject({ code: 'ERR_ORIGIN_ABORTED' });
});

test('an answer that nobody takes stops the origin', async () => {
  const MEGABYTE = Buffer.alloc(1024 * 1024);
  const MEGABYTES = 200;
  const STILL_TURNS = 20;
  const { origin, answered } = await serve(Buffer.from(head(`Content-Length: ${MEGABYTES * MEGABYTE.length}`)));
  const { body } = await createOrigins().call(call({ origin }));
  const socket = await answered;
  let written = 0;
  const write = () => {
    if (written === MEGABYTES || socket.destroyed) return;
    socket.write(MEGABYTE, () => {
      written += 1;
      write();
    });
  };
  write();

  for (let still = 0, before = 0; still < STILL_TURNS; before = written) {
    await settled();
    still = written === before ? still + 1 : 0;
  }

  // What the kernel's buffers hold, and no more.
  expect(written).toBeLessThan(MEGABYTES / 2);
  await body[Symbol.asyncIterator]().return?.();
});

test('a connection is free for the next answer while its last one still waits for its user', async () => {
  const sent = content(100_000);
  const { origin, connections } = await serve(Buffer.concat([Buffer.from(head('Content-Length: 100000')), sent]));
  const origins = createOrigins({ connections: 1 });
  const first = await origins.call(call({ origin }));

  const second = await origins.call(call({ origin }));

  expect((await readAll(second.body)).equals(sent)).toBe(true);
  expect((await readAll(first.body)).equals(sent)).toBe(true);
  expect(connections()).toBe(1);
});
