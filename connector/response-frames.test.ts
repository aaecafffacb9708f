// Answers of the origin as a router gets them, over the whole of an exchange.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { encode } from '../protocol/codec.ts';
import { CODINGS } from '../protocol/coding.ts';
import { SallyportError } from '../protocol/errors.ts';
import { PAYLOAD_MAX_BYTES } from '../protocol/limits.ts';
import { answerOf, createBench, KEY, PlayedBody } from './testing/bench.ts';
import { settled } from './testing/manual-clock.ts';

const lengthOf = (text: string | Uint8Array): [string, string] => ['Content-Length', String(text.length)];

describe('an answer', () => {
  test('of known small length is one frame, though its chunks come one by one', async () => {
    const bench = createBench();
    const body = new PlayedBody();
    await bench.deliver(bench.request());

    bench.calls[0]!.answer(answerOf(body, [lengthOf('hello world')]));
    await settled();
    body.write('hello ');
    await settled();
    body.write('world', null);
    await settled();

    expect(bench.posted).toHaveLength(1);
    expect(bench.posted[0]).toMatchObject({ replyTo: 'router-1', frame: { type: 'response', n: 0, status: 200, end: true } });
    expect(bench.received().toString()).toBe('hello world');
  });

  test('tells how long everything took on premises', async () => {
    const bench = createBench();
    await bench.deliver(bench.request({ issuedAt: bench.clock.now() - 40 }));

    await bench.clock.pass(5);
    bench.calls[0]!.connected();
    await bench.clock.pass(20);
    bench.calls[0]!.answer(answerOf(new PlayedBody().write('x', null)));
    await settled();

    expect(bench.posted[0]!.frame).toMatchObject({ type: 'response', timings: { verified: 40, connected: 5, answered: 25, sent: 25 } });
  });

  test('that does not come tells how far it came', async () => {
    const bench = createBench();
    await bench.deliver(bench.request());

    await bench.clock.pass(7);
    bench.calls[0]!.fail(new SallyportError('ERR_ORIGIN_UNREACHABLE'));
    await settled();

    expect(bench.posted[0]!.frame).toMatchObject({ type: 'error', timings: { verified: 0, sent: 7 } });
    expect(bench.posted[0]!.frame).not.toHaveProperty('timings.connected');
  });

  test('of known small length that is slow to come is not held back', async () => {
    const bench = createBench();
    const body = new PlayedBody();
    await bench.deliver(bench.request());
    bench.calls[0]!.answer(answerOf(body.write('hel'), [lengthOf('hello')]));

    await bench.clock.pass(150);

    expect(bench.received().toString()).toBe('hel');
    body.write('lo', null);
    await settled();
    expect(bench.received().toString()).toBe('hello');
  });

  test('of unknown length that has ended already is one frame', async () => {
    const bench = createBench();
    await bench.deliver(bench.request());

    bench.calls[0]!.answer(answerOf(new PlayedBody().write('he', 'llo', null)));
    await settled();

    expect(bench.posted.map(({ frame }) => frame.type)).toEqual(['response']);
    expect(bench.posted[0]!.frame).toMatchObject({ end: true });
  });

  test('of unknown length sends its head before the first chunk, and each chunk as it comes', async () => {
    const bench = createBench();
    const body = new PlayedBody();
    await bench.deliver(bench.request());

    bench.calls[0]!.answer(answerOf(body));
    await settled();
    body.write('event 1');
    await settled();
    body.write('event 2');
    await settled();

    expect(bench.posted.map(({ frame, payload }) => [frame.type, payload.toString()])).toEqual([
      ['response', ''],
      ['body', 'event 1'],
      ['body', 'event 2'],
    ]);
  });

  test.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('to %s with status %i ends at once and keeps its Content-Length', async (method, status) => {
    const bench = createBench();
    await bench.deliver(bench.request({ method }));

    bench.calls[0]!.answer(answerOf(new PlayedBody(), [['Content-Length', '5']], status));
    await settled();

    expect(bench.posted).toHaveLength(1);
    expect(bench.posted[0]!.frame).toMatchObject({ status, end: true, headers: [['Content-Length', '5']] });
  });

  test('joins chunks that wait for frames on their way, into full frames', async () => {
    const bench = createBench();
    const body = new PlayedBody();
    const release: Array<() => void> = [];
    bench.reply = () => new Promise((resolve) => release.push(() => resolve('delivered')));
    await bench.deliver(bench.request());
    bench.calls[0]!.answer(answerOf(body));
    await settled();

    for (let chunk = 0; chunk < 10; chunk += 1) {
      body.write(Buffer.alloc(1000, chunk));
      await settled();
    }
    expect(bench.posted).toHaveLength(1);
    release[0]!();
    await settled();

    expect(bench.posted).toHaveLength(2);
    expect(bench.posted[1]!.payload).toHaveLength(10_000);
  });

  test('of many megabytes arrives whole, in full frames', async () => {
    const bench = createBench();
    const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7) % 251));
    await bench.deliver(bench.request());

    bench.calls[0]!.answer(answerOf(new PlayedBody().write(content, null), [lengthOf(content)]));
    await settled();
    await settled();

    expect(bench.received().equals(content)).toBe(true);
    expect(bench.posted.length).toBe(Math.ceil(content.length / PAYLOAD_MAX_BYTES));
  });

  test.each([65_537, 100_000, 1_000_000, 4_000_000])(
    'of %i bytes that do not compress takes at most 1.36 times as many on the tunnel',
    async (bytes) => {
      const bench = createBench();
      const content = randomBytes(bytes);
      await bench.deliver(bench.request({ codings: CODINGS }));

      bench.calls[0]!.answer(answerOf(new PlayedBody().write(content, null), [['Content-Type', 'text/html'], lengthOf(content)]));
      for (let turn = 0; turn < 10; turn += 1) await settled();

      const carried = bench.posted.reduce((sum, { frame, payload }) => sum + encode(frame, KEY, payload).length, 0);
      expect(bench.received().equals(content)).toBe(true);
      expect(carried / bytes).toBeLessThanOrEqual(1.36);
    },
  );

  test('whose head does not fit a frame is refused', async () => {
    const bench = createBench();
    await bench.deliver(bench.request());

    bench.calls[0]!.answer(answerOf(new PlayedBody(), [['Set-Cookie', 'x'.repeat(70_000)]]));
    await settled();

    expect(bench.posted.map(({ frame }) => frame)).toMatchObject([{ type: 'error', code: 'ERR_ORIGIN_INVALID' }]);
  });

  test('whose large head leaves little room still fits', async () => {
    const bench = createBench();
    const content = Buffer.alloc(90_000, 1);
    await bench.deliver(bench.request());

    bench.calls[0]!.answer(answerOf(new PlayedBody().write(content, null), [lengthOf(content), ['Set-Cookie', 'x'.repeat(40_000)]]));
    await settled();

    expect(bench.posted.map(({ frame }) => frame.type)).toEqual(['response', 'body']);
    expect(bench.received().equals(content)).toBe(true);
  });

  test('that breaks off is sent as far as it came, then the error', async () => {
    const bench = createBench();
    const body = new PlayedBody();
    await bench.deliver(bench.request());
    bench.calls[0]!.answer(answerOf(body));
    await settled();

    body.write('half', new Error('reset'));
    await settled();

    expect(bench.received().toString()).toBe('half');
    expect(bench.posted.at(-1)!.frame).toMatchObject({ type: 'error', n: 2, code: 'ERR_ORIGIN_ABORTED' });
  });
});
