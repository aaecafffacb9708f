// Bodies of requests as the origin gets them, over the whole of an exchange.
import { describe, expect, test } from '@jest/globals';
import { createBench } from './testing/bench.ts';

describe('a request body', () => {
  const collect = async (body: unknown): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  test('is put in order whatever order its frames come in, doubles dropped', async () => {
    const bench = createBench();
    const request = bench.request({ method: 'POST', hasBody: true, end: false });
    const { exchange } = request;

    await bench.deliver({ type: 'body', exchange, n: 2, end: true }, 'three');
    await bench.deliver({ type: 'body', exchange, n: 1, end: false }, 'two ');
    expect(bench.calls).toHaveLength(0);
    await bench.deliver(request, 'one ');
    await bench.deliver({ type: 'body', exchange, n: 1, end: false }, 'two ');

    expect(await collect(bench.calls[0]!.body)).toBe('one two three');
    expect(bench.calls).toHaveLength(1);
  });

  test('is with the origin as far as it has come, before its last frame', async () => {
    const bench = createBench();
    const request = bench.request({ method: 'POST', hasBody: true, end: false });
    await bench.deliver(request, 'one ');
    const body = (bench.calls[0]!.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    const read = async () => String((await body.next()).value);

    const first = await read();
    await bench.deliver({ type: 'body', exchange: request.exchange, n: 1, end: false }, 'two ');
    const second = await read();

    expect([first, second]).toEqual(['one ', 'two ']);
  });

  test('that is empty is told apart from none', async () => {
    const bench = createBench();

    await bench.deliver(bench.request({ method: 'POST', hasBody: true }));
    await bench.deliver(bench.request({ method: 'POST', hasBody: false }));

    expect(bench.calls[0]!.body).toHaveLength(0);
    expect(bench.calls[1]!.body).toBeNull();
  });

  test('breaks off for the origin when the exchange is cancelled, so that half an upload is not taken for a whole', async () => {
    const bench = createBench();
    const request = bench.request({ method: 'POST', hasBody: true, end: false });
    await bench.deliver(request, 'half');
    const reading = collect(bench.calls[0]!.body);
    reading.catch(() => {});

    await bench.deliver({ type: 'cancel', exchange: request.exchange, code: 'ERR_INTERNAL' });

    await expect(reading).rejects.toMatchObject({ code: 'ERR_EXCHANGE_LOST' });
  });

  test('sent further ahead than may be held ends the exchange', async () => {
    const bench = createBench();
    const request = bench.request({ method: 'POST', hasBody: true, end: false });
    await bench.deliver(request);

    await bench.deliver({ type: 'body', exchange: request.exchange, n: 5000, end: true });

    expect(bench.posted.map(({ frame }) => frame)).toMatchObject([{ type: 'error', code: 'ERR_FRAME_OVERFLOW' }]);
    expect(bench.calls[0]!.signal.aborted).toBe(true);
  });

  test('that waits for a request which never comes is given up', async () => {
    const bench = createBench();

    await bench.deliver({ type: 'body', exchange: 'exchange-1', n: 1, end: true }, 'x'.repeat(1000));
    expect(bench.ledger.held).toBe(1000);
    await bench.clock.pass(5_000);

    expect(bench.ledger.held).toBe(0);
    expect(bench.codes()).toEqual(['ERR_EXCHANGE_UNKNOWN']);
    expect(bench.clock.pending).toBe(0);
  });
});
