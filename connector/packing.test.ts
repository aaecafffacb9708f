// What the tunnel carries of an answer: compressed where that saves messages, and only there.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { BodyFrame, ConnectorFrame, HeaderList, RequestFrame, ResponseFrame } from '../protocol/frames.ts';
import { DECODED_MAX_BYTES, METERED_BYTES, WINDOW_BYTES } from '../protocol/limits.ts';
import { answerOf, createBench, PlayedBody } from './testing/bench.ts';
import { settled } from './testing/manual-clock.ts';
import { prose } from './testing/prose.ts';

const TEXT: HeaderList = [['Content-Type', 'text/html']];

/** An answer to a router that undoes Brotli, in chunks as sockets give them. */
const answered = async (body: PlayedBody, headers: HeaderList = TEXT, asked: Pick<RequestFrame, 'codings'> = { codings: ['br'] }) => {
  const bench = createBench();
  const request = bench.request(asked);
  await bench.deliver(request);
  bench.calls[0]!.answer(answerOf(body, headers));
  for (let turn = 0; turn < 50; turn += 1) await settled();
  const frames = bench.posted.map(({ frame }) => frame as ResponseFrame | BodyFrame);
  const messages = bench.posted.reduce((sum, { payload }) => sum + Math.max(1, Math.ceil((payload.length * 4) / 3 / METERED_BYTES)), 0);
  return { bench, request, frames, messages, codings: frames.map(({ coding }) => coding) };
};

const inChunks = (content: Buffer, size = 65_536): PlayedBody => {
  const body = new PlayedBody();
  for (let at = 0; at < content.length; at += size) body.write(content.subarray(at, at + size));
  return body.write(null);
};

describe('an answer of text', () => {
  test('that would take three messages takes one', async () => {
    const content = prose(70_000);

    const { bench, messages, codings } = await answered(new PlayedBody().write(content, null));

    expect(codings).toEqual(['br']);
    expect(messages).toBe(1);
    expect(bench.received().equals(content)).toBe(true);
  });

  test('that fits one message is left as it is', async () => {
    const { codings } = await answered(new PlayedBody().write(prose(20_000), null));

    expect(codings).toEqual([undefined]);
  });

  test('of megabytes fills its frames, and takes less than half the messages', async () => {
    const content = prose(6_000_000);

    const { bench, request, messages, frames } = await answered(inChunks(content));
    const before = bench.received().length;
    await bench.deliver({ type: 'credit', exchange: request.exchange, received: frames.length, limit: 3 * WINDOW_BYTES });
    for (let turn = 0; turn < 50; turn += 1) await settled();

    // The window counts what the user gets, not what the tunnel carries.
    expect(before).toBeGreaterThanOrEqual(WINDOW_BYTES);
    expect(before).toBeLessThan(WINDOW_BYTES + DECODED_MAX_BYTES);
    expect(messages).toBeLessThan((before * 4) / 3 / METERED_BYTES / 2);
    expect(bench.received().equals(content)).toBe(true);
    expect(bench.posted.at(-1)!.frame).toMatchObject({ end: true });
  });

  test('that is written piece by piece leaves at once, compressed or not', async () => {
    const body = new PlayedBody();
    const { bench } = await answered(body);

    for (const piece of [prose(1_000), prose(100_000), prose(50), prose(DECODED_MAX_BYTES)]) {
      const before = bench.received().length;
      body.write(piece);
      for (let turn = 0; turn < 10; turn += 1) await settled();
      expect(bench.received().subarray(before).equals(piece)).toBe(true);
    }
  });

  test('that repeats itself without end holds nobody up', async () => {
    const { bench, codings } = await answered(inChunks(Buffer.alloc(3_000_000, 'a')));

    expect(codings.filter((coding) => coding === 'br').length).toBeGreaterThan(0);
    expect(bench.received()).toHaveLength(3_000_000);
  });
});

describe('is carried as it is', () => {
  const content = prose(150_000);
  const none = async (headers: HeaderList, asked?: Pick<RequestFrame, 'codings'>, body = content) => {
    const { bench, codings: used } = await answered(inChunks(body), headers, asked);
    expect(bench.received().equals(body)).toBe(true);
    expect(used.every((coding) => coding === undefined)).toBe(true);
    return bench;
  };

  test('what the origin compressed', () => none([...TEXT, ['Content-Encoding', 'gzip']]));

  test('what is no text by its type', () => none([['Content-Type', 'application/octet-stream']]));

  test('an answer to a router that undoes nothing, or nothing that is known here', async () => {
    await none(TEXT, { codings: [] });
    await none(TEXT, { codings: ['zstd'] });
    await none(TEXT, {});
  });

  test('what is called text and does not compress, and it costs no message more', async () => {
    const noise = randomBytes(1_000_000);
    const honest = await none([['Content-Type', 'image/png']], undefined, noise);

    const bench = await none(TEXT, undefined, noise);

    expect(bench.posted.length).toBeLessThanOrEqual(honest.posted.length);
  });
});

test('frames of either kind are numbered in one sequence', async () => {
  const body = new PlayedBody().write(prose(80_000), prose(10), null);

  const { bench } = await answered(body);

  expect(bench.posted.map(({ frame }) => (frame as Extract<ConnectorFrame, { n: number }>).n)).toEqual(
    bench.posted.map((_, index) => index),
  );
});
