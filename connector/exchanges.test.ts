// What holds of all exchanges of a connector together.
import { describe, expect, test } from '@jest/globals';
import { encode, type FrameKey } from '../protocol/codec.ts';
import { connectorSide } from '../protocol/frame-keys.ts';
import { answerOf, CONNECTOR, createBench, KEY, PlayedBody, SERVICE_KEY } from './testing/bench.ts';
import { settled } from './testing/manual-clock.ts';

describe('memory', () => {
  test('is given back at once when the router acknowledges the whole answer', async () => {
    const bench = createBench();
    const request = bench.request();
    await bench.deliver(request);
    bench.calls[0]!.answer(answerOf(new PlayedBody().write('hello', null)));
    await settled();
    expect(bench.ledger.held).toBeGreaterThan(0);

    await bench.deliver({ type: 'credit', exchange: request.exchange, received: 1, limit: 1 });

    expect(bench.ledger.held).toBe(0);
    expect(bench.clock.pending).toBe(0);
  });
});

test('a new tunnel is announced to the routers of running exchanges, with what has come of the request', async () => {
  const bench = createBench();
  const request = bench.request({ method: 'POST', hasBody: true, end: false });
  await bench.deliver(request);
  await bench.deliver({ type: 'body', exchange: request.exchange, n: 1, end: false });

  bench.exchanges.moved('tunnel-2');
  await settled();

  expect(bench.posted).toMatchObject([{ replyTo: 'router-1', frame: { type: 'moved', tunnel: 'tunnel-2', received: 2 } }]);
});

test('draining refuses new exchanges and lets running ones end', async () => {
  const bench = createBench();
  let idle = false;
  await bench.deliver(bench.request());

  bench.exchanges.drain();
  void bench.exchanges.whenIdle().then(() => {
    idle = true;
  });
  await bench.deliver(bench.request());
  expect(bench.posted[0]!.frame).toMatchObject({ type: 'error', n: 0, code: 'ERR_CONNECTOR_DRAINING' });
  expect(idle).toBe(false);
  bench.calls[0]!.answer(answerOf(new PlayedBody().write('hello', null)));
  await settled();

  expect(idle).toBe(true);
  expect(bench.received().toString()).toContain('hello');
  expect(bench.calls).toHaveLength(1);
});

describe('keys', () => {
  test.each<[string, FrameKey]>([
    ['a service that knows a key for each direction', SERVICE_KEY],
    ['an older service', KEY],
  ])('what %s sealed is answered by the key that opened it', async (_, key) => {
    const bench = createBench();
    const request = bench.request();

    await bench.deliver(request, '', key);
    bench.calls[0]!.answer(answerOf(new PlayedBody().write('hello', null)));
    await settled();
    expect(bench.received().toString()).toBe('hello');
    await bench.deliver({ type: 'part', exchange: 'u'.repeat(43), replyTo: 'router-1', offset: 0, until: 0, length: null }, '', key);

    expect(bench.posted.length).toBeGreaterThan(1);
    expect(bench.posted.map((posted) => posted.key)).toEqual(bench.posted.map(() => key));
  });

  test('frames that this side sealed are refused where they come back, and those by the other key where an exchange has one', async () => {
    const bench = createBench();
    const request = bench.request({ method: 'POST', hasBody: true, end: false });
    await bench.deliver(request, '', SERVICE_KEY);

    await bench.deliver({ type: 'body', exchange: request.exchange, n: 1, end: true }, 'x', connectorSide(KEY));
    await bench.deliver({ type: 'body', exchange: request.exchange, n: 1, end: true }, 'x', KEY);

    expect(bench.codes()).toEqual(['ERR_FRAME_FORGED', 'ERR_FRAME_FORGED']);
  });
});

test('frames for a connector that was not welcomed yet cannot be opened', () => {
  const bench = createBench();
  const request = bench.request();

  bench.exchanges.use('other', new Uint8Array(32));
  bench.exchanges.receive(encode({ ...request, connector: CONNECTOR }, KEY));

  expect(bench.codes()).toEqual(['ERR_FRAME_FORGED']);
});
