// What holds of all exchanges of a connector together.
import { describe, expect, test } from '@jest/globals';
import { encode, type FrameKey } from '../protocol/codec.ts';
import { answerOf, CONNECTOR, CONNECTOR_KEY, createBench, KEY, PlayedBody, SERVICE_KEY } from './testing/bench.ts';
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
  const part = { type: 'part', exchange: 'u'.repeat(43), replyTo: 'router-1', offset: 0, until: 0, length: null } as const;

  test.each<[string, FrameKey, FrameKey]>([
    ['that knows a key for each direction', SERVICE_KEY, CONNECTOR_KEY],
    ['that is older', KEY, KEY],
  ])('a service %s is answered by what it can open', async (_, service, tunnel) => {
    const bench = createBench();

    await bench.deliver(bench.request(), '', service, tunnel);
    bench.calls[0]!.answer(answerOf(new PlayedBody().write('hello', null)));
    await settled();
    expect(bench.received().toString()).toBe('hello');
    await bench.deliver(part, '', service, tunnel);

    expect(bench.posted.length).toBeGreaterThan(1);
    expect(bench.posted.map((posted) => posted.key)).toEqual(bench.posted.map(() => service));
  });

  test.each<[string, FrameKey]>([
    ['that this side sealed', CONNECTOR_KEY],
    ['sealed by the one key of older releases', KEY],
  ])('frames %s are refused where there is a key for each direction', async (_, key) => {
    const bench = createBench();
    const request = bench.request({ method: 'POST', hasBody: true, end: false });
    await bench.deliver(request, '', SERVICE_KEY, CONNECTOR_KEY);

    await bench.deliver({ type: 'body', exchange: request.exchange, n: 1, end: true }, 'x', key, CONNECTOR_KEY);
    await bench.deliver(bench.request(), '', key, CONNECTOR_KEY);

    expect(bench.codes()).toEqual(['ERR_FRAME_FORGED', 'ERR_FRAME_FORGED']);
    expect(bench.calls).toHaveLength(1);
  });

  test.each<[string, FrameKey, FrameKey, FrameKey]>([
    ['an older service', KEY, KEY, CONNECTOR_KEY],
    ['one that knows a key for each direction', SERVICE_KEY, CONNECTOR_KEY, KEY],
  ])('what began over a tunnel of %s goes on by its key over another', async (_, service, first, second) => {
    const bench = createBench();
    const request = bench.request({ method: 'POST', hasBody: true, end: false });
    await bench.deliver(request, 'on', service, first);

    await bench.deliver({ type: 'body', exchange: request.exchange, n: 1, end: true }, 'ward', service, second);
    const read: Buffer[] = [];
    for await (const piece of bench.calls[0]!.body as AsyncIterable<Uint8Array>) read.push(Buffer.from(piece));

    expect(Buffer.concat(read).toString()).toBe('onward');
    expect(bench.codes()).toEqual([]);
  });
});

test('frames for a connector that was not welcomed yet cannot be opened', () => {
  const bench = createBench();
  const request = bench.request();

  bench.exchanges.use('other');
  bench.exchanges.receive(encode({ ...request, connector: CONNECTOR }, KEY), new Uint8Array(32));

  expect(bench.codes()).toEqual(['ERR_FRAME_FORGED']);
});
