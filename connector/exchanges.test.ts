import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { encode } from '../protocol/codec.ts';
import { CODINGS } from '../protocol/coding.ts';
import { SallyportError } from '../protocol/errors.ts';
import { EXCHANGE_MAX_MS, LINGER_MS, PAYLOAD_MAX_BYTES, RESUME_MS, WINDOW_BYTES } from '../protocol/limits.ts';
import { answerOf, CONNECTOR, createBench, KEY, PlayedBody } from './testing/bench.ts';
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

    bench.exchanges.receive(text.replace('app.corp/page', 'app.corp/pagf'));

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

    for (const text of ['', 'x', '{}\n\n', `{}\n\n${'A'.repeat(22)}`]) bench.exchanges.receive(text);

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

test('frames for a connector that was not welcomed yet cannot be opened', () => {
  const bench = createBench();
  const request = bench.request();

  bench.exchanges.use('other', new Uint8Array(32));
  bench.exchanges.receive(encode({ ...request, connector: CONNECTOR }, KEY));

  expect(bench.codes()).toEqual(['ERR_FRAME_FORGED']);
});
