// Bytes on their way through the whole path: each leaves as it is written, no faster than it is taken, and not at all once the user has gone.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { REQUEST_BODY_MAX_BYTES } from '../../protocol/limits.ts';
import { type PlayedOrigin, startPlayedOrigin } from '../support/played-origin.ts';
import { pour } from '../support/pour.ts';
import { signIn, type UserProgram } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

const MEGABYTE = 1024 * 1024;
/** The promise: so long after the user has gone, the origin call is over. */
const LEAVING_MS = 2_000;

let origin: PlayedOrigin;
let world: World;
let bob: UserProgram;

beforeAll(async () => {
  origin = await startPlayedOrigin();
  world = await startWorld('--publish', `live=${origin.url}`, '--pace', 'off');
  bob = await signIn(world, 'bob', 'live');
}, 120_000);
afterAll(async () => {
  await world?.dispose();
  await origin?.dispose();
}, 60_000);

const address = (path: string): string => new URL(path, world.url('live')).href;

/** Asks for a path and plays the origin's side of it. */
const exchange = async (path: string, left?: AbortSignal) => {
  const arrival = origin.arrival(path);
  const opened = bob.open(address(path), {}, left);
  opened.catch(() => {});
  return { ...(await arrival), opened };
};

/** Reads exactly so many bytes, which must have come: there is no more than that yet. */
const readText = async (body: AsyncIterator<Buffer>, bytes: number): Promise<string> => {
  let text = '';
  while (Buffer.byteLength(text) < bytes) {
    const { done, value } = await body.next();
    if (done) throw new Error(`The body ended after ${JSON.stringify(text)}.`);
    text += value;
  }
  return text;
};

describe('each part is with the user before the next one is written', () => {
  const parts = (write: (k: number) => string): string[] => Array.from({ length: 8 }, (_, k) => write(k));
  const document = parts((k) => `<p>${k}</p>`);

  test.each<[string, Record<string, string | number>, string[]]>([
    ['server-sent events', { 'content-type': 'text/event-stream' }, parts((k) => `id: ${k}\ndata: ${'x'.repeat(k * 500)}\n\n`)],
    ['ndjson', { 'content-type': 'application/x-ndjson' }, parts((k) => `${JSON.stringify({ line: k })}\n`)],
    ['a page that is long in the making', { 'content-type': 'text/html' }, parts((k) => `<p>step ${k}</p>${' '.repeat(k * 7_000)}`)],
    ['a short answer of known length', { 'content-type': 'text/html', 'content-length': document.join('').length }, document],
    ['events larger than a message', { 'content-type': 'text/event-stream' }, parts((k) => `data: ${`${k} `.repeat(60_000)}\n\n`)],
    ['bytes of any kind', { 'content-type': 'application/octet-stream' }, parts((k) => `${k}`)],
  ])('%s', async (name, headers, written) => {
    const { response, opened } = await exchange(`/lock-step/${encodeURIComponent(name)}`);
    response.writeHead(200, headers).flushHeaders();
    const body = (await opened).body[Symbol.asyncIterator]();

    for (const part of written) {
      response.write(part);
      expect(await readText(body, Buffer.byteLength(part))).toBe(part);
    }
    response.end();

    expect((await body.next()).done).toBe(true);
  });
});

describe('a user who does not read', () => {
  const MEGABYTES = 150;
  /** The window of 4 MiB, and what four loopback sockets take in between. */
  const AHEAD_MEGABYTES = 48;

  test('stops the origin, which writes a bounded amount ahead; reading on brings the rest', async () => {
    const { response, opened } = await exchange('/stopped');
    const poured = pour(response, MEGABYTES);
    const body = (await opened).body[Symbol.asyncIterator]();
    const first = await body.next();

    // Time for the origin to write it all, told by other exchanges that come and go meanwhile.
    for (let others = 0; others < 40; others += 1) {
      const other = await exchange(`/other/${others}`);
      other.response.end('done');
      await (await other.opened).body.dump();
    }
    const ahead = poured.written;
    let bytes = (first.value as Buffer).length;
    for (let next = await body.next(); !next.done; next = await body.next()) bytes += next.value.length;

    console.log(`The origin was ${ahead} MB ahead of a user who had stopped reading.`);
    expect(ahead).toBeLessThan(AHEAD_MEGABYTES);
    expect(poured.finished).toBe(true);
    expect(bytes).toBe(MEGABYTES * MEGABYTE);
  }, 60_000);
});

describe('a user who leaves ends the origin call within two seconds', () => {
  const closed = (response: ServerResponse) => once(response, 'close', { signal: AbortSignal.timeout(LEAVING_MS) });

  test('in the middle of a download', async () => {
    const leaving = new AbortController();
    const { response, opened } = await exchange('/leave/download', leaving.signal);
    const poured = pour(response, 1024);
    const body = (await opened).body[Symbol.asyncIterator]();
    await body.next();

    leaving.abort();

    await closed(response);
    expect(poured.finished).toBe(false);
  });

  test('between two events', async () => {
    const leaving = new AbortController();
    const { response, opened } = await exchange('/leave/events', leaving.signal);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    await (await opened).body[Symbol.asyncIterator]().next();

    leaving.abort();

    await closed(response);
  });

  test('while waiting for the first byte', async () => {
    const leaving = new AbortController();
    const { response } = await exchange('/leave/waiting', leaving.signal);

    leaving.abort();

    await closed(response);
  });
});

describe('an upload', () => {
  const send = (body: Buffer) =>
    bob.fetch(address('/upload'), { method: 'POST', body, headers: { 'content-type': 'application/octet-stream' } });

  test('of 4.4 MB, the most that is carried, is with the application byte for byte', async () => {
    const body = randomBytes(REQUEST_BODY_MAX_BYTES);
    const arrival = origin.arrival('/upload');

    const sent = send(body);
    const { request, response } = await arrival;
    const chunks = await request.toArray();
    response.end('thanks');

    expect(Buffer.concat(chunks).equals(body)).toBe(true);
    expect(request.headers['content-length']).toBe(String(body.length));
    expect((await sent).body.toString()).toBe('thanks');
  });

  test.each([
    ['the router', REQUEST_BODY_MAX_BYTES + 1],
    ['Lambda', 6_000_000],
    ['API Gateway', 11 * MEGABYTE],
  ])('that is too large for %s is 413 with the limit, and the application hears nothing', async (_, bytes) => {
    let asked = false;
    void origin.arrival('/upload').then(() => {
      asked = true;
    });

    const { status, headers, body } = await send(Buffer.alloc(bytes));

    expect(status).toBe(413);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(body.toString())).toMatchObject({
      code: 'ERR_BODY_TOO_LARGE',
      hop: 'user',
      detail: expect.stringContaining('4.4 MB'),
    });
    expect(asked).toBe(false);
  });
});
