import { describe, expect, test } from '@jest/globals';
import { LINGER_MS, PAYLOAD_MAX_BYTES, RESUME_MS, WINDOW_BYTES } from '../protocol/limits.ts';
import { answerOf, createBench, PlayedBody } from './testing/bench.ts';
import { settled } from './testing/manual-clock.ts';

describe('a slow user', () => {
  test('stops the reading of the origin, and credit lets it go on', async () => {
    const bench = createBench();
    const body = new PlayedBody();
    const request = bench.request();
    const total = WINDOW_BYTES * 2;
    for (let sent = 0; sent < total; sent += 64 * 1024) body.write(Buffer.alloc(64 * 1024, sent / (64 * 1024)));
    await bench.deliver(request);
    bench.calls[0]!.answer(answerOf(body.write(null)));
    for (let turn = 0; turn < 100; turn += 1) await settled();

    const readBefore = body.read * 64 * 1024;
    expect(readBefore).toBeGreaterThanOrEqual(WINDOW_BYTES);
    expect(readBefore).toBeLessThan(WINDOW_BYTES + 4 * PAYLOAD_MAX_BYTES);
    expect(bench.ledger.held).toBeLessThan((WINDOW_BYTES + 4 * PAYLOAD_MAX_BYTES) * 1.4);

    await bench.deliver({ type: 'credit', exchange: request.exchange, received: bench.posted.length, limit: total * 2 });
    for (let turn = 0; turn < 100; turn += 1) await settled();

    expect(bench.received()).toHaveLength(total);
    expect(bench.posted.at(-1)!.frame).toMatchObject({ end: true });
  });
});

describe('progress', () => {
  test('is told after 1 s, then every 4 s until the head, then every 15 s of silence', async () => {
    const bench = createBench();
    const times: number[] = [];
    const began = bench.clock.now();
    bench.reply = async ({ frame }) => {
      if (frame.type === 'progress') times.push(bench.clock.now() - began);
      return 'delivered';
    };
    const body = new PlayedBody();
    await bench.deliver(bench.request());

    await bench.clock.pass(6_000);
    bench.calls[0]!.answer(answerOf(body));
    await bench.clock.pass(10_000);
    body.write('event');
    await bench.clock.pass(30_000);

    expect(times).toEqual([1_000, 5_000, 31_000, 46_000]);
  });

  test('is not told by a fast answer', async () => {
    const bench = createBench();
    await bench.deliver(bench.request());
    bench.calls[0]!.answer(answerOf(new PlayedBody().write('hello', null)));

    await bench.clock.pass(60_000);

    expect(bench.posted.map(({ frame }) => frame.type)).toEqual(['response']);
  });
});

describe('a router whose connection has gone', () => {
  test('gets everything that it lacks at its new one, in mid-answer, with no byte lost', async () => {
    const bench = createBench();
    const body = new PlayedBody();
    const request = bench.request();
    bench.reply = async ({ replyTo }) => (replyTo === 'router-1' && bench.posted.length > 2 ? 'gone' : 'delivered');
    await bench.deliver(request);
    bench.calls[0]!.answer(answerOf(body));
    await settled();
    for (const piece of ['one ', 'two ', 'three ']) {
      body.write(piece);
      await settled();
    }
    const before = bench.posted.length;
    body.write('four ');
    await settled();
    expect(bench.posted).toHaveLength(before);

    await bench.clock.pass(20_000);
    await bench.deliver({ type: 'reply-to', exchange: request.exchange, replyTo: 'router-2', received: 2 });
    body.write('five', null);
    await settled();

    expect(bench.received('router-2').toString()).toBe('two three four five');
    expect(bench.received().toString()).toBe('one two three four five');
    expect(bench.calls).toHaveLength(1);
  });

  test('gets a finished answer again while it lingers, and not after', async () => {
    const bench = createBench();
    const request = bench.request();
    await bench.deliver(request);
    bench.calls[0]!.answer(answerOf(new PlayedBody().write('hello', null)));
    await settled();

    await bench.clock.pass(LINGER_MS - 1);
    await bench.deliver({ type: 'reply-to', exchange: request.exchange, replyTo: 'router-2', received: 0 });
    await bench.clock.pass(LINGER_MS);
    await bench.deliver({ type: 'reply-to', exchange: request.exchange, replyTo: 'router-3', received: 0 });

    expect(bench.received('router-2').toString()).toBe('hello');
    expect(bench.posted.at(-1)).toMatchObject({ replyTo: 'router-3', frame: { type: 'error', n: 0, code: 'ERR_EXCHANGE_UNKNOWN' } });
    expect(bench.calls).toHaveLength(1);
  });

  test('that announces the new one before its request has come is answered there', async () => {
    const bench = createBench();
    const request = bench.request();

    await bench.deliver({ type: 'reply-to', exchange: request.exchange, replyTo: 'router-2', received: 0 });
    await bench.deliver(request);
    bench.calls[0]!.answer(answerOf(new PlayedBody().write('hello', null)));
    await settled();

    expect(bench.posted.map(({ replyTo }) => replyTo)).toEqual(['router-2']);
  });

  test('is told when the exchange it asks for never came', async () => {
    const bench = createBench();

    await bench.deliver({ type: 'reply-to', exchange: 'exchange-1', replyTo: 'router-2', received: 3 });
    await bench.clock.pass(5_000);

    expect(bench.posted).toMatchObject([{ replyTo: 'router-2', frame: { type: 'error', n: 3, code: 'ERR_EXCHANGE_UNKNOWN' } }]);
  });

  test('is given up after 30 s, and the origin call with it', async () => {
    const bench = createBench();
    bench.reply = async () => 'gone';
    await bench.deliver(bench.request());
    bench.calls[0]!.answer(answerOf(new PlayedBody().write('hello')));

    await bench.clock.pass(RESUME_MS);

    expect(bench.codes()).toEqual(['ERR_EXCHANGE_LOST']);
    expect(bench.calls[0]!.signal.aborted).toBe(true);
    expect(bench.ledger.held).toBe(0);
    expect(bench.clock.pending).toBe(0);
  });

  test('is not sent astray by an older announcement that was overtaken', async () => {
    const bench = createBench();
    const request = bench.request();
    const body = new PlayedBody();
    await bench.deliver(request);
    bench.calls[0]!.answer(answerOf(body.write('one ')));
    await settled();
    body.write('two ');
    await settled();

    await bench.deliver({ type: 'reply-to', exchange: request.exchange, replyTo: 'router-3', received: 2 });
    await bench.deliver({ type: 'reply-to', exchange: request.exchange, replyTo: 'router-2', received: 1 });
    body.write('three', null);
    await settled();

    expect(bench.posted.at(-1)!.replyTo).toBe('router-3');
  });
});
