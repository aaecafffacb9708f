// The response on its way to the user: in order, no faster than taken, cut when it breaks.
import { brotliCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { compress } from '../../protocol/coding.ts';
import { DECODED_MAX_BYTES, FRAME_MAX_BYTES, WINDOW_BYTES } from '../../protocol/limits.ts';
import { asked, code, framesTo, manual, silent, withTwo } from './testing/connectors.ts';
import { turn } from './testing/manual-clock.ts';
import { createRig } from './testing/rig.ts';

describe('the response', () => {
  test('frames are put in order, doubles dropped', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();

    connector.body(2, 'c', true);
    connector.body(1, 'b');
    connector.body(1, 'b');
    connector.head(false, Buffer.from('a'));
    await turn();

    expect(response.body().toString()).toBe('abc');
    expect(response.ended).toBe(true);
  });

  test('an error after the head cuts it, with everything before it delivered', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response, failure } = await rig.ask();

    connector.fail(2, 'ERR_ORIGIN_ABORTED');
    connector.head(false, Buffer.from('a'));
    connector.body(1, 'b');
    await turn();

    expect(response.body().toString()).toBe('ab');
    expect(response.ended).toBe(false);
    expect(failure()).toMatchObject({ code: 'ERR_ORIGIN_ABORTED' });
  });

  test('header fields that are none are the origin’s fault, told as a page', async () => {
    const rig = createRig();
    rig.behaviours.set('tunnel-a=', ({ frame }, reply) =>
      reply({ type: 'response', exchange: frame.exchange, n: 0, status: 200, headers: [['X-A', 'b\r\nX-C: d']], end: false }),
    );

    const { response } = await rig.ask();

    expect(code(response.body())).toBe('ERR_ORIGIN_INVALID');
    expect(framesTo(rig, 'cancel')).toMatchObject([{ frame: { code: 'ERR_ORIGIN_INVALID' } }]);
  });

  test('a head that is larger than the platform carries is the origin’s fault, told as a page with the size', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();
    response.headMaxBytes = 2_000;

    connector.send({
      type: 'response',
      exchange: connector.exchange(),
      n: 0,
      status: 200,
      headers: [['X-A', 'b'.repeat(2_000)]],
      end: false,
    });
    await turn();

    expect(code(response.body())).toBe('ERR_ORIGIN_INVALID');
    expect(JSON.stringify(rig.lines)).toMatch(/are 2\d{3} bytes with what we add to them; 2000 can be carried/);
    expect(framesTo(rig, 'cancel')).toMatchObject([{ frame: { code: 'ERR_ORIGIN_INVALID' } }]);
  });

  test('a second head is a double and changes nothing', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { failure } = await rig.ask();
    connector.head();
    await turn();

    connector.send({ type: 'body', exchange: connector.exchange(), n: 1, end: false });
    connector.send({ type: 'response', exchange: connector.exchange(), n: 0, status: 500, headers: [], end: true });
    await turn();

    expect(failure()).toBeNull();
    expect(rig.logged('exchange.failed')).toEqual([]);
  });

  test('a body before any head ends the exchange', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();

    connector.body(0, 'x', true);
    await turn();

    expect(code(response.body())).toBe('ERR_FRAME_INVALID');
  });

  test('a frame far ahead of its turn ends the exchange: it would have to be held', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();

    connector.body(5_000, 'x');
    await turn();

    expect(code(response.body())).toBe('ERR_FRAME_OVERFLOW');
  });
});

describe('back-pressure', () => {
  const PART = Buffer.alloc(90_000, 'x');

  test('a slow user gives no credit; one who takes gives little', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();
    response.slow = true;
    connector.head();
    const parts = Math.floor(WINDOW_BYTES / PART.length);
    for (let n = 1; n <= parts; n += 1) connector.body(n, PART);
    await turn();

    const whileSlow = framesTo(rig, 'credit').length;
    response.takeAgain();
    await turn();

    expect(whileSlow).toBe(0);
    const credits = framesTo(rig, 'credit').map(({ frame }) => frame);
    expect(credits.length).toBeGreaterThan(0);
    expect(credits.length).toBeLessThanOrEqual(2);
    expect(credits[0]).toMatchObject({ received: parts + 1 });
  });

  test('a connector that sends on without credit is stopped', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response, failure } = await rig.ask();
    response.slow = true;
    connector.head();
    for (let n = 1; n <= (WINDOW_BYTES + 3 * FRAME_MAX_BYTES) / PART.length; n += 1) connector.body(n, PART);
    await turn();
    response.takeAgain();
    await turn();

    expect(failure()).toMatchObject({ code: 'ERR_FRAME_OVERFLOW' });
    expect(framesTo(rig, 'cancel')).toHaveLength(1);
  });

  test('credit that was lost is told again when the connector says that it waits', async () => {
    const rig = createRig();
    const connector = manual(rig);
    await rig.ask();
    connector.head();
    for (let n = 1; n <= 30; n += 1) connector.body(n, PART);
    await turn();
    const before = framesTo(rig, 'credit').length;

    connector.progress();
    await turn();

    expect(before).toBe(1);
    expect(framesTo(rig, 'credit').map(({ frame }) => frame)).toEqual([
      expect.objectContaining({ limit: expect.any(Number) }),
      expect.objectContaining({ received: 31 }),
    ]);
  });
});

describe('compressed payloads', () => {
  const text = Buffer.from('words and words '.repeat(20_000));
  const coded = (n: number, payload: Uint8Array, coding = 'br', end = false) => ({ frame: { n, coding, end }, payload });

  const begun = async () => {
    const rig = createRig();
    const connector = manual(rig);
    const asked = await rig.ask();
    const send = ({ frame, payload }: ReturnType<typeof coded>): void =>
      connector.send({ type: 'body', exchange: connector.exchange(), ...frame }, payload);
    connector.head();
    return { rig, connector, send, ...asked };
  };

  test('are asked for, and reach the user as they were, whatever order they come in and beside others', async () => {
    const { rig, connector, send, response } = await begun();

    send(coded(2, compress(text)));
    connector.body(3, ' as it is', true);
    send(coded(1, compress(Buffer.from('first '))));
    await turn();

    expect(rig.requests()[0]!.codings).toEqual(['br']);
    expect(response.body().toString()).toBe(`first ${text} as it is`);
    expect(response.ended).toBe(true);
  });

  test('count by what the user gets', async () => {
    const { rig, send } = await begun();
    const part = compress(Buffer.alloc(DECODED_MAX_BYTES));

    for (let n = 1; n <= WINDOW_BYTES / 2 / DECODED_MAX_BYTES; n += 1) send(coded(n, part));
    await turn();

    expect(framesTo(rig, 'credit').map(({ frame }) => frame)).toMatchObject([{ limit: WINDOW_BYTES * 1.5 + 1024 }]);
  });

  test.each([
    ['one that opens to more than a frame may hold', coded(1, brotliCompressSync(Buffer.alloc(1 << 24)))],
    ['one that does not open', coded(1, Buffer.from('no brotli'))],
    ['one that was not asked for', coded(1, compress(text), 'zstd')],
  ])('%s ends the exchange, and the answer is cut', async (_, frame) => {
    const { rig, send, response, failure } = await begun();

    send(frame);
    await turn();

    expect(failure()).toMatchObject({ code: 'ERR_FRAME_INVALID' });
    expect(response.ended).toBe(false);
    expect(framesTo(rig, 'cancel')).toMatchObject([{ frame: { code: 'ERR_FRAME_INVALID' } }]);
  });
});

describe('more than the platform carries in one response', () => {
  const large = (headers: Array<[string, string]> = []) => {
    const rig = createRig();
    const connector = manual(rig);
    const begun = async (changes: Parameters<typeof rig.ask>[0] = {}) => {
      const asked = await rig.ask(changes);
      asked.response.maxBytes = 10;
      connector.send({ type: 'response', exchange: connector.exchange(), n: 0, status: 200, headers, end: false });
      return asked;
    };
    return { rig, connector, begun };
  };

  test('is cut visibly at the limit, the connector is told, and the log says that the rest can be had', async () => {
    const { rig, connector, begun } = large([
      ['Content-Length', '12'],
      ['ETag', '"1"'],
    ]);
    const { response, failure } = await begun();

    connector.body(1, '12345678');
    connector.body(2, '9012', true);
    await turn();

    expect(response.body().toString()).toBe('1234567890');
    expect(response.ended).toBe(false);
    expect(failure()).toMatchObject({ code: 'ERR_RESPONSE_TOO_LARGE' });
    expect(rig.logged('exchange.failed')).toMatchObject([{ code: 'ERR_RESPONSE_TOO_LARGE', error: expect.stringContaining('10 bytes') }]);
  });

  test('what fits to the byte is whole', async () => {
    const { connector, begun } = large();
    const { response, failure } = await begun();

    connector.body(1, '1234567890', true);
    await turn();

    expect(response.ended).toBe(true);
    expect(failure()).toBeNull();
  });

  test('is refused at once when it is said to be so long and cannot be resumed', async () => {
    const { rig, begun } = large([['Content-Length', '11']]);

    const { response } = await begun();
    await turn();

    expect(response.status).toBe(502);
    expect(code(response.body())).toBe('ERR_RESPONSE_TOO_LARGE');
    expect(framesTo(rig, 'cancel')).toMatchObject([{ frame: { code: 'ERR_RESPONSE_TOO_LARGE' } }]);
  });

  test('a HEAD request may be told of it', async () => {
    const { connector, begun } = large([['Content-Length', '11']]);

    const { response } = await begun({ httpMethod: 'HEAD' });
    connector.body(1, '', true);
    await turn();

    expect(response.status).toBe(200);
    expect(response.ended).toBe(true);
  });
});

test('an exchange that is over leaves nothing behind: no timer, no post, no probe', async () => {
  const rig = createRig();
  const connector = manual(rig);
  await rig.ask();
  connector.head();
  connector.body(1, 'a');
  await turn();
  await rig.clock.advance(9_000);
  connector.body(2, 'b', true);
  await turn();
  const posts = rig.received.length;

  const pending = rig.clock.pending();
  await rig.clock.advance(60_000);

  expect(pending).toBe(0);
  expect(rig.received).toHaveLength(posts);
});

describe('the user leaves', () => {
  test('before the head: the connector is told to stop, and nobody else is asked', async () => {
    const rig = withTwo(silent);

    const { response, done } = await rig.ask();
    response.leave();
    await done;

    expect(framesTo(rig, 'cancel')).toMatchObject([{ tunnel: 'tunnel-a=', frame: { code: 'ERR_USER_GONE' } }]);
    expect(asked(rig)).toEqual(['tunnel-a=']);
    expect(response.status).toBeNull();
  });

  test('in the middle of the body', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response, done, failure } = await rig.ask();
    connector.head(false, Buffer.from('half'));
    await turn();

    response.leave();
    await done;

    expect(framesTo(rig, 'cancel')).toHaveLength(1);
    expect(failure()).toBeNull();
    expect(rig.logged('exchange.failed')).toMatchObject([{ level: 'info', code: 'ERR_USER_GONE' }]);
  });
});
