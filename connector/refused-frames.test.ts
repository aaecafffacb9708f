// Requests that are not carried out. Attack: no router made the frame for this connector, now and once. And where there is no room for them.
import { describe, expect, test } from '@jest/globals';
import { encode } from '../protocol/codec.ts';
import { LINGER_MS } from '../protocol/limits.ts';
import { answerOf, createBench, KEY, PlayedBody } from './testing/bench.ts';
import { settled } from './testing/manual-clock.ts';

describe('a frame is refused, logged, and nothing is called', () => {
  test('when its seal is another connector’s', async () => {
    const bench = createBench();

    await bench.deliver(bench.request(), '', new Uint8Array(32).fill(8));

    expect(bench.codes()).toEqual(['ERR_FRAME_FORGED']);
    expect(bench.calls).toHaveLength(0);
    expect(bench.posted).toHaveLength(0);
  });

  test('when one character of it was changed', async () => {
    const bench = createBench();
    const text = encode(bench.request(), KEY);

    bench.exchanges.receive(text.replace('app.corp/page', 'app.corp/pagf'), KEY);

    expect(bench.codes()).toEqual(['ERR_FRAME_FORGED']);
    expect(bench.calls).toHaveLength(0);
  });

  test('when it is sealed for this connector but names another', async () => {
    const bench = createBench();

    await bench.deliver(bench.request({ connector: 'connector-2' }));

    expect(bench.codes()).toEqual(['ERR_FRAME_FORGED']);
    expect(bench.calls).toHaveLength(0);
  });

  test('when it is no frame', async () => {
    const bench = createBench();

    for (const text of ['', 'x', '{}\n\n', `{}\n\n${'A'.repeat(22)}`]) bench.exchanges.receive(text, KEY);

    expect(bench.codes()).toEqual(Array(4).fill('ERR_FRAME_INVALID'));
  });

  test('when a connector’s own frame comes back to it', async () => {
    const bench = createBench();

    await bench.deliver({ type: 'progress', exchange: 'exchange-1', received: 1 });

    expect(bench.codes()).toEqual(['ERR_FRAME_INVALID']);
  });

  test.each([
    ['long ago', -30_001],
    ['in the future', 30_001],
    ['before this process began', -1_500],
  ])('when it was issued %s; the router is told', async (_, offset) => {
    const bench = createBench();

    await bench.deliver(bench.request({ issuedAt: bench.clock.now() + offset }));

    expect(bench.codes()).toEqual(['ERR_FRAME_EXPIRED']);
    expect(bench.calls).toHaveLength(0);
    expect(bench.posted[0]!.frame).toMatchObject({ type: 'error', n: 0, code: 'ERR_FRAME_EXPIRED' });
  });

  test('when it was made for a tunnel of a process before this one, however fresh it is', async () => {
    const bench = createBench();
    bench.exchanges.moved('tunnel-1');
    bench.exchanges.moved('tunnel-2');

    await bench.deliver(bench.request({ tunnel: 'tunnel-0' }));
    await bench.deliver(bench.request({ tunnel: 'tunnel-1' }));
    await bench.deliver(bench.request({ tunnel: 'tunnel-2' }));

    expect(bench.codes()).toEqual(['ERR_FRAME_REPLAYED']);
    expect(bench.calls).toHaveLength(2);
  });

  test('when it comes again after its id is forgotten and the service’s time was turned back', async () => {
    const bench = createBench();
    const request = bench.request();
    await bench.deliver(request);
    await bench.deliver({ type: 'cancel', exchange: request.exchange, code: 'ERR_INTERNAL' });
    const calls = () => bench.calls.length;

    await bench.clock.pass(70_000);
    bench.turnBack(60_000);
    await bench.deliver(bench.request({ issuedAt: bench.clock.now() - 60_000 }));
    const [before, refused] = [calls(), bench.codes().length];
    await bench.deliver(request);

    expect([before, refused]).toEqual([2, 0]);
    expect(bench.codes()).toEqual(['ERR_FRAME_EXPIRED']);
    expect(calls()).toBe(2);
  });

  test('when it comes again: while it runs, while it lingers, and when it is over', async () => {
    const bench = createBench();
    const request = bench.request();
    await bench.deliver(request);

    await bench.deliver(request);
    bench.calls[0]!.answer(answerOf(new PlayedBody().write(null)));
    await settled();
    await bench.deliver(request);
    await bench.clock.pass(LINGER_MS);
    await bench.deliver(request);

    expect(bench.codes()).toEqual(Array(3).fill('ERR_FRAME_REPLAYED'));
    expect(bench.calls).toHaveLength(1);
  });

  test('when it comes again after its id is forgotten: it has expired by then', async () => {
    const bench = createBench();
    const request = bench.request();
    await bench.deliver(request);
    await bench.deliver({ type: 'cancel', exchange: request.exchange, code: 'ERR_INTERNAL' });

    await bench.clock.pass(300_000);
    await bench.deliver(bench.request());
    await bench.deliver(request);

    expect(bench.codes()).toEqual(['ERR_FRAME_EXPIRED']);
    expect(bench.calls).toHaveLength(2);
  });

  test.each([
    ['another host', 'http://other.corp/'],
    ['another port', 'http://app.corp:8080/'],
    ['another scheme', 'https://app.corp/'],
    ['a host that only begins alike', 'http://app.corp.evil.example/'],
  ])('when its origin is outside the allowlist: %s', async (_, url) => {
    const bench = createBench();

    await bench.deliver(bench.request({ url }));

    expect(bench.codes()).toEqual(['ERR_ORIGIN_NOT_ALLOWED']);
    expect(bench.calls).toHaveLength(0);
    expect(bench.posted[0]!.frame).toMatchObject({ type: 'error', code: 'ERR_ORIGIN_NOT_ALLOWED' });
  });

  test.each([
    ['a user', 'http://app.corp@evil.example/'],
    ['a fragment', 'http://app.corp/#x'],
    ['a blank', 'http://app.corp/a b'],
    ['a line break', 'http://app.corp/a\r\nHost: x'],
    ['no path', 'http://app.corp'],
    ['another protocol', 'file:///etc/passwd'],
  ])('when its URL has %s', async (_, url) => {
    const bench = createBench();

    await bench.deliver(bench.request({ url }));

    expect(bench.codes()).toEqual(['ERR_REQUEST_INVALID']);
    expect(bench.calls).toHaveLength(0);
  });

  test('when it would open a raw connection', async () => {
    const bench = createBench();

    await bench.deliver(bench.request({ method: 'CONNECT' }));

    expect(bench.codes()).toEqual(['ERR_METHOD_REFUSED']);
  });

  test('when too many exchanges are running', async () => {
    const bench = createBench({ limit: 1 });

    await bench.deliver(bench.request());
    await bench.deliver(bench.request());

    expect(bench.calls).toHaveLength(1);
    expect(bench.posted[0]!.frame).toMatchObject({ type: 'error', code: 'ERR_CONNECTOR_BUSY' });
  });

  test('when memory is full, after lingering frames were given up', async () => {
    const bench = createBench({ memory: 100_000 });
    await bench.deliver(bench.request());
    bench.calls[0]!.answer(answerOf(new PlayedBody().write(Buffer.alloc(90_000), null)));
    await settled();
    expect(bench.ledger.full).toBe(true);

    await bench.deliver(bench.request());
    expect(bench.calls).toHaveLength(2);
    expect(bench.ledger.held).toBe(0);
    bench.reply = () => new Promise(() => {});
    bench.calls[1]!.answer(answerOf(new PlayedBody().write(Buffer.alloc(90_000))));
    await settled();
    await bench.deliver(bench.request());

    expect(bench.calls).toHaveLength(2);
    expect(bench.posted.at(-1)!.frame).toMatchObject({ type: 'error', code: 'ERR_CONNECTOR_BUSY' });
  });
});
