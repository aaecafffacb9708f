// An upload at the connector: parts from several routers in, one request to the origin out.
import { describe, expect, test } from '@jest/globals';
import type { PartFrame, TakenFrame } from '../protocol/frames.ts';
import { REQUEST_BODY_MAX_BYTES, UPLOAD_PART_MAX_BYTES, UPLOAD_WAIT_MS, UPLOADS_OPEN_MAX } from '../protocol/limits.ts';
import { answerOf, createBench, PlayedBody } from './testing/bench.ts';
import { settled } from './testing/manual-clock.ts';

const BODY = Buffer.from('abcdefghijkl');

/** An upload of `length` bytes that has been begun. The origin reads what comes unless it is told not to. */
const begin = async ({ length = BODY.length as number | null, reads = true, timeoutMs = 20_000, signOn = false } = {}) => {
  const bench = createBench();
  const request = bench.request({
    method: 'POST',
    hasBody: true,
    end: false,
    upload: { length },
    timeoutMs,
    ...(signOn && { signOn: { method: 'ntlm' as const, connection: 'a' } }),
  });
  await bench.deliver(request);
  const call = bench.calls[0]!;
  call.connected();
  const origin = { got: '', ended: false, failure: null as { code: string } | null };
  const reader = (call.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  const read = async (): Promise<void> => {
    try {
      for (let next = await reader.next(); !next.done; next = await reader.next()) origin.got += Buffer.from(next.value).toString('latin1');
      origin.ended = true;
    } catch (error) {
      origin.failure = error as { code: string };
    }
  };
  if (reads) void read();
  return {
    bench,
    call,
    origin,
    read,
    exchange: request.exchange,
    part: async (
      offset: number,
      until: number,
      replyTo = 'router-1',
      fields: Partial<PartFrame> = {},
      payload = BODY.subarray(offset, until),
    ) => bench.deliver({ type: 'part', exchange: request.exchange, offset, until, length, replyTo, ...fields }, payload),
    ask: async (replyTo = 'router-1', fields: Partial<PartFrame> = {}) =>
      bench.deliver({ type: 'part', exchange: request.exchange, offset: 0, until: 0, length, replyTo, ...fields }),
    told: (replyTo?: string): TakenFrame[] =>
      bench.posted.flatMap(({ frame, replyTo: to }) => (frame.type === 'taken' && (replyTo ?? to) === to ? [frame] : [])),
    errors: (replyTo?: string): string[] =>
      bench.posted.flatMap(({ frame, replyTo: to }) => (frame.type === 'error' && (replyTo ?? to) === to ? [frame.code] : [])),
  };
};

describe('an upload', () => {
  test('says that it has begun, and calls the origin once', async () => {
    const { bench, told } = await begin();

    expect(bench.calls).toHaveLength(1);
    expect(told('router-1')).toMatchObject([{ received: 0, taken: 0, length: 12, over: false }]);
  });

  test('is one body in order, whichever routers bring its parts and in whatever order their pieces come', async () => {
    const { origin, part, told } = await begin();

    await part(3, 6, 'router-1', { until: 6 });
    await part(0, 3, 'router-1', { until: 6 });
    await part(9, 12, 'router-2', { until: 12 });
    await part(6, 9, 'router-2', { until: 12 });

    expect(origin).toMatchObject({ got: BODY.toString(), ended: true });
    expect(told('router-1').slice(1)).toMatchObject([{ received: 6, taken: 6 }]);
    expect(told('router-2')).toMatchObject([{ received: 12, taken: 12, over: false }]);
  });

  test('takes what is repeated, or overlaps what came, once', async () => {
    const { origin, part } = await begin();

    await part(0, 6);
    await part(0, 6);
    await part(2, 9);
    await part(4, 12);

    expect(origin).toMatchObject({ got: BODY.toString(), ended: true });
  });

  test('tells how far it is to whoever asks', async () => {
    const { part, ask, told } = await begin();
    await part(0, 3);
    await part(6, 9);

    await ask('router-9');

    expect(told('router-9')).toMatchObject([{ received: 3, taken: 3, over: false }]);
  });

  test('acknowledges a part no sooner than the origin has taken it', async () => {
    const { origin, read, part, told } = await begin({ reads: false });
    await part(0, 6);
    const before = told().length;

    void read();
    await settled();

    expect(before).toBe(1);
    expect(origin.got).toBe('abcdef');
    expect(told().slice(1)).toMatchObject([{ received: 6, taken: 6 }]);
  });

  test('holds no more than a part and the next one’s first pieces beyond what the origin has taken', async () => {
    const { bench, part, ask, told } = await begin({ reads: false, length: 1 << 30 });
    const piece = Buffer.alloc(64 * 1024);

    for (let at = 0; at < 3 * UPLOAD_PART_MAX_BYTES; at += piece.length) await part(at, at + piece.length, 'router-1', {}, piece);
    await ask();

    expect(bench.ledger.held).toBeLessThanOrEqual(REQUEST_BODY_MAX_BYTES + 128 * 1024);
    expect(told().at(-1)!.received).toBeLessThanOrEqual(REQUEST_BODY_MAX_BYTES + 128 * 1024);
  });

  test('of unknown length ends where a later part says', async () => {
    const { origin, part } = await begin({ length: null });
    await part(0, 12);
    const before = origin.ended;

    await part(12, 12, 'router-1', { length: 12 });

    expect(before).toBe(false);
    expect(origin).toMatchObject({ got: BODY.toString(), ended: true });
  });

  test('that is to have another length than it had breaks off at the origin', async () => {
    const { origin, part, errors } = await begin();
    await part(0, 6);

    await part(6, 12, 'router-1', { length: 13 });

    expect(origin).toMatchObject({ got: 'abcdef', ended: false, failure: { code: expect.stringMatching(/^ERR_/) } });
    expect(errors()).toEqual(['ERR_FRAME_INVALID']);
  });

  test('of no bytes is a whole one at once', async () => {
    const { origin } = await begin({ length: 0 });

    expect(origin).toMatchObject({ got: '', ended: true });
  });
});

test('one session has only so many open; others begin theirs, and it begins its next when one has ended', async () => {
  const bench = createBench();
  const start = async (owner: string) => {
    const request = bench.request({ method: 'POST', hasBody: true, end: false, upload: { length: 12, owner } });
    const calls = bench.calls.length;
    await bench.deliver(request);
    bench.calls[calls]?.connected();
    return request.exchange;
  };
  const first = await start('mallory');
  for (let count = 1; count < UPLOADS_OPEN_MAX; count += 1) await start('mallory');

  const refused = await start('mallory');
  const others = await start('alice');
  await bench.deliver({ type: 'cancel', exchange: first, code: 'ERR_USER_GONE' });
  const next = await start('mallory');

  const codes = bench.posted.flatMap(({ frame }) => (frame.type === 'error' ? [[frame.exchange, frame.code]] : []));
  const begun = bench.posted.flatMap(({ frame }) => (frame.type === 'taken' ? [frame.exchange] : []));
  expect(codes).toEqual([[refused, 'ERR_UPLOAD_LIMIT']]);
  expect(begun).toEqual(expect.arrayContaining([others, next]));
  expect(bench.calls).toHaveLength(UPLOADS_OPEN_MAX + 2);
});

describe('the response to an upload', () => {
  test('waits for the router that asks for it', async () => {
    const { bench, call, exchange, part } = await begin();
    await part(0, 12);
    call.answer(answerOf(new PlayedBody().write('stored', null)));
    await settled();
    const before = bench.received().toString();

    await bench.deliver({ type: 'reply-to', exchange, replyTo: 'router-3', received: 0 });

    expect(before).toBe('');
    expect(bench.received('router-3').toString()).toBe('stored');
  });

  test('is awaited with a sign of life for who asks before it is there', async () => {
    const { bench, call, exchange, part } = await begin();
    await part(0, 12);
    await bench.deliver({ type: 'reply-to', exchange, replyTo: 'router-3', received: 0 });
    const first = bench.posted.at(-1);

    call.answer(answerOf(new PlayedBody().write('stored', null)));
    await settled();

    expect(first).toMatchObject({ replyTo: 'router-3', frame: { type: 'progress' } });
    expect(bench.received('router-3').toString()).toBe('stored');
  });

  test('that comes before the whole body is told instead of waiting for the rest', async () => {
    const { bench, call, exchange, part, told, read } = await begin({ reads: false });
    const reader = (call.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    const first = reader.next();
    await part(0, 6);
    await first;
    call.answer(answerOf(new PlayedBody().write('too large', null), [], 413));
    await reader.return?.(undefined);
    await settled();

    await part(6, 12, 'router-2');
    await bench.deliver({ type: 'reply-to', exchange, replyTo: 'router-3', received: 0 });
    await read();

    expect(told('router-2')).toMatchObject([{ over: true }]);
    expect(bench.received('router-3').toString()).toBe('too large');
  });

  test('of an origin that reads no more, and does not say so, is told after a while', async () => {
    const { bench, call, part, told } = await begin({ reads: false });
    await part(0, 6);
    call.answer(answerOf(new PlayedBody().write('too large', null), [], 413));
    await settled();
    const before = told().length;

    await bench.clock.pass(5_001);

    expect(before).toBe(1);
    expect(told().at(-1)).toMatchObject({ over: true });
  });

  test('that nobody asks for is given up', async () => {
    const { bench, call, exchange, part, ask } = await begin();
    await part(0, 12);
    call.answer(answerOf(new PlayedBody().write('stored', null)));
    await settled();

    await bench.clock.pass(UPLOAD_WAIT_MS + 1);
    await ask('router-4');

    expect(bench.posted.at(-1)).toMatchObject({ replyTo: 'router-4', frame: { type: 'error', exchange, code: 'ERR_EXCHANGE_UNKNOWN' } });
    expect(bench.ledger.held).toBe(0);
  });
});

describe('an upload breaks off at the origin, and never ends there,', () => {
  test('when no part comes for too long; whoever comes then is told', async () => {
    const { bench, call, origin, part, errors } = await begin();
    await part(0, 6);

    await bench.clock.pass(UPLOAD_WAIT_MS + 1);
    await part(6, 12, 'router-2');

    expect(call.signal.aborted).toBe(true);
    expect(origin).toMatchObject({ got: 'abcdef', ended: false });
    expect(errors('router-2')).toEqual(['ERR_UPLOAD_LOST']);
  });

  test('when it is cancelled', async () => {
    const { bench, call, origin, exchange, part } = await begin();
    await part(0, 6);

    await bench.deliver({ type: 'cancel', exchange, code: 'ERR_USER_GONE' });

    expect(call.signal.aborted).toBe(true);
    expect(origin).toMatchObject({ got: 'abcdef', ended: false, failure: { code: 'ERR_EXCHANGE_LOST' } });
  });

  test('when the origin takes nothing for as long as it may take to answer', async () => {
    const { bench, call, part, errors } = await begin({ reads: false, timeoutMs: 5_000 });
    await part(0, 6);

    await bench.clock.pass(5_001);

    expect(call.signal.aborted).toBe(true);
    expect(errors('router-1')).toEqual(['ERR_ORIGIN_TIMEOUT']);
  });

  test('whatever routers ask meanwhile', async () => {
    const { bench, call, part, ask } = await begin({ reads: false, timeoutMs: 10_000 });
    await part(0, 6);

    for (let passed = 0; passed < 10_000; passed += 4_000) {
      await bench.clock.pass(4_000);
      await ask();
    }

    expect(call.signal.aborted).toBe(true);
  });

  test('and not while its router is slow: the origin’s time runs only while it is awaited', async () => {
    const { bench, call, origin, part } = await begin({ timeoutMs: 5_000 });
    await part(0, 6);

    await bench.clock.pass(30_000);
    await part(6, 12);

    expect(call.signal.aborted).toBe(false);
    expect(origin.ended).toBe(true);
  });

  test('when the application asks for another sign-in after more than is kept: the rest is not the body', async () => {
    const { call, origin, part } = await begin({ length: 1 << 30, signOn: true });
    const piece = Buffer.alloc(64 * 1024, 'x');
    for (let at = 0; at <= REQUEST_BODY_MAX_BYTES; at += piece.length) await part(at, at + piece.length, 'router-1', {}, piece);

    const again = (call.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]().next();

    await expect(again).rejects.toMatchObject({ code: 'ERR_EXCHANGE_LOST' });
    expect(origin.ended).toBe(false);
  });
});

test('a part for an upload that is not known here is told so, and calls no origin', async () => {
  const bench = createBench();

  await bench.deliver({ type: 'part', exchange: 'of-another-process', offset: 0, until: 3, length: 3, replyTo: 'router-1' }, 'abc');

  expect(bench.posted).toMatchObject([{ replyTo: 'router-1', frame: { type: 'error', code: 'ERR_EXCHANGE_UNKNOWN' } }]);
  expect(bench.calls).toEqual([]);
});
