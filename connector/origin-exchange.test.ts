// How long an exchange calls its origin.
import { describe, expect, test } from '@jest/globals';
import { EXCHANGE_MAX_MS, PAYLOAD_MAX_BYTES, WINDOW_BYTES } from '../protocol/limits.ts';
import { answerOf, createBench, PlayedBody } from './testing/bench.ts';
import { settled } from './testing/manual-clock.ts';

describe('the origin call stops', () => {
  test('when the exchange is cancelled, and nothing more is sent', async () => {
    const bench = createBench();
    const request = bench.request();
    await bench.deliver(request);

    await bench.deliver({ type: 'cancel', exchange: request.exchange, code: 'ERR_INTERNAL' });
    await bench.clock.pass(120_000);

    expect(bench.calls[0]!.signal.aborted).toBe(true);
    expect(bench.posted).toHaveLength(0);
    expect(bench.clock.pending).toBe(0);
    expect(bench.ledger.held).toBe(0);
  });

  test('after a quarter of an hour, though the cancel was lost: no router waits longer', async () => {
    const bench = createBench();
    const body = new PlayedBody();
    await bench.deliver(bench.request());
    bench.calls[0]!.answer(answerOf(body.write('events')));

    await bench.clock.pass(EXCHANGE_MAX_MS - 1);
    const before = bench.calls[0]!.signal.aborted;
    await bench.clock.pass(1);

    expect(before).toBe(false);
    expect(bench.calls[0]!.signal.aborted).toBe(true);
    expect(bench.clock.pending).toBe(0);
  });

  test('before it began, when the cancel overtook the request', async () => {
    const bench = createBench();
    const request = bench.request();

    await bench.deliver({ type: 'cancel', exchange: request.exchange, code: 'ERR_INTERNAL' });
    await bench.deliver(request);

    expect(bench.calls).toHaveLength(0);
  });

  test('when the origin takes longer to its first byte than the frame allows', async () => {
    const bench = createBench();
    await bench.deliver(bench.request({ timeoutMs: 2_000 }));

    await bench.clock.pass(2_000);

    expect(bench.calls[0]!.signal.aborted).toBe(true);
    expect(bench.posted.at(-1)!.frame).toMatchObject({ type: 'error', n: 0, code: 'ERR_ORIGIN_TIMEOUT' });
  });

  test('but not when the body takes longer', async () => {
    const bench = createBench();
    const body = new PlayedBody();
    await bench.deliver(bench.request({ timeoutMs: 2_000 }));
    bench.calls[0]!.answer(answerOf(body));

    await bench.clock.pass(60_000);
    body.write('late', null);
    await settled();

    expect(bench.received().toString()).toBe('late');
  });
});

describe('an origin that stops in the middle of its answer', () => {
  const begin = async (fields: Parameters<ReturnType<typeof createBench>['request']>[0] = {}) => {
    const bench = createBench();
    const body = new PlayedBody();
    await bench.deliver(bench.request({ timeoutMs: 2_000, idleTimeoutMs: 20_000, ...fields }));
    bench.calls[0]!.answer(answerOf(body));
    await settled();
    return { bench, body };
  };

  test('is given up after the idle timeout: what came is sent, then the error', async () => {
    const { bench, body } = await begin();
    body.write('half');
    await settled();

    await bench.clock.pass(19_999);
    const before = bench.calls[0]!.signal.aborted;
    await bench.clock.pass(1);

    expect(before).toBe(false);
    expect(bench.calls[0]!.signal.aborted).toBe(true);
    expect(bench.received().toString()).toBe('half');
    expect(bench.posted.at(-1)!.frame).toMatchObject({ type: 'error', n: 2, code: 'ERR_ORIGIN_SILENT' });
  });

  test('has the whole time again after each chunk, however long the answer takes', async () => {
    const { bench, body } = await begin();

    for (let chunk = 0; chunk < 10; chunk += 1) {
      await bench.clock.pass(19_000);
      body.write('x');
      await settled();
    }
    body.write(null);
    await settled();

    expect(bench.received().toString()).toBe('x'.repeat(10));
    expect(bench.posted.at(-1)!.frame).toMatchObject({ type: 'body', end: true });
  });

  test('is not one that waits for a slow user', async () => {
    const { bench, body } = await begin();
    for (let written = 0; written <= WINDOW_BYTES; written += PAYLOAD_MAX_BYTES) body.write(Buffer.alloc(PAYLOAD_MAX_BYTES));
    body.write(Buffer.alloc(PAYLOAD_MAX_BYTES), Buffer.alloc(PAYLOAD_MAX_BYTES), null);
    await settled();
    const { exchange } = bench.posted[0]!.frame;

    await bench.clock.pass(60_000);
    await bench.deliver({ type: 'credit', exchange, received: 10, limit: 2 * WINDOW_BYTES });
    await settled();

    expect(bench.posted.at(-1)!.frame).toMatchObject({ type: 'body', end: true });
  });

  test('is waited for without end where the router, of an older release, sets no limit', async () => {
    const { bench, body } = await begin({ idleTimeoutMs: undefined });

    await bench.clock.pass(600_000);
    body.write('late', null);
    await settled();

    expect(bench.received().toString()).toBe('late');
  });
});
