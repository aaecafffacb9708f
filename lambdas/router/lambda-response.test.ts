import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { lambdaResponse, prelude } from './lambda-response.ts';
import { HeadTooLarge } from './ports.ts';
import { createManualClock, turn } from './testing/manual-clock.ts';

/** A stream as Lambda gives it, whose receiver takes chunks when told to. */
const prepare = () => {
  const chunks: string[] = [];
  const waiting: Array<() => void> = [];
  const types: string[] = [];
  const clock = createManualClock();
  let open = true;
  const writable = new Writable({
    highWaterMark: 8,
    write: (chunk, _, taken) => {
      chunks.push(String(chunk));
      if (open) taken();
      else waiting.push(() => taken());
    },
  });
  const writes: unknown[] = [];
  const write = writable.write.bind(writable);
  writable.write = ((chunk: string) => {
    writes.push(chunk);
    return write(chunk);
  }) as typeof writable.write;
  const stream = Object.assign(writable, { setContentType: (type: string) => void types.push(type) });
  const response = lambdaResponse(stream, clock);
  const take = () => waiting.splice(0).map((taken) => taken());
  return { stream, response, clock, chunks, writes, types, stop: () => (open = false), take };
};

describe('the prelude', () => {
  test('keeps duplicates, under their first spelling', () => {
    const given = prelude(401, [
      ['Set-Cookie', 'a=1'],
      ['WWW-Authenticate', 'Negotiate'],
      ['set-cookie', 'b=2'],
      ['www-authenticate', 'Basic'],
    ]);

    expect(given).toEqual({
      statusCode: 401,
      multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'], 'WWW-Authenticate': ['Negotiate', 'Basic'] },
    });
  });

  test('a field named like a property of every object is a field', () => {
    expect(
      JSON.stringify(
        prelude(200, [
          ['__proto__', 'x'],
          ['constructor', 'y'],
        ]),
      ),
    ).toBe('{"statusCode":200,"multiValueHeaders":{"__proto__":["x"],"constructor":["y"]}}');
  });

  test('with its delimiter and the blanks before it is 16,000 bytes at most; one that is larger leaves the answer to be begun', async () => {
    const { response, chunks } = prepare();
    const head = (length: number): [200, [string, string][]] => [200, [['X', 'ü'.repeat(length)]]];
    const envelope = Buffer.byteLength(JSON.stringify(prelude(...head(0)))) + 8;
    response.hold();
    response.hold();
    const most = Math.floor((16_000 - envelope - 2) / 2);

    expect(() => response.begin(...head(most + 1))).toThrow(HeadTooLarge);
    expect(response.begun).toBe(false);
    response.begin(...head(most));
    await turn();

    expect(Buffer.byteLength(chunks.join(''))).toBeLessThanOrEqual(16_000);
    expect(Buffer.byteLength(chunks.join(''))).toBeGreaterThan(15_997);
  });

  test('goes out by itself, so that an answer without a body has a head', async () => {
    const { stream, response, chunks, types } = prepare();

    response.begin(204, []);
    await response.end();

    expect(types).toEqual(['application/vnd.awslambda.http-integration-response']);
    expect(chunks.join('')).toBe(`{"statusCode":204,"multiValueHeaders":{}}${'\0'.repeat(8)}`);
    expect(stream.writableFinished).toBe(true);
  });
});

describe('a response that is held', () => {
  test('says blanks, then the prelude, its end and the body', async () => {
    const { response, chunks } = prepare();

    response.hold();
    response.hold();
    response.begin(200, [['X-A', '1']]);
    await response.write(Buffer.from('body'));
    await response.end();

    expect(chunks.join('')).toBe(`  {"statusCode":200,"multiValueHeaders":{"X-A":["1"]}}${'\0'.repeat(8)}body`);
  });

  test('says nothing more once it has begun, nor to a user who has gone', async () => {
    const begun = prepare();
    const left = prepare();
    begun.response.begin(200, []);
    left.stream.destroy();
    await turn();

    begun.response.hold();
    left.response.hold();

    expect(begun.chunks.join('')).toBe(`{"statusCode":200,"multiValueHeaders":{}}${'\0'.repeat(8)}`);
    expect(left.chunks.join('')).toBe('');
  });
});

test('the stream is open before there is anything to say', () => {
  const { response, writes } = prepare();

  expect(writes).toEqual(['']);
  expect(response.begun).toBe(false);
});

test('a write returns when the user may be given more', async () => {
  const { response, stop, take } = prepare();
  response.begin(200, []);
  stop();
  let returned = false;

  const written = response.write(Buffer.alloc(100)).then(() => (returned = true));
  await turn();
  const before = returned;
  take();
  await written;

  expect(before).toBe(false);
});

describe('a user who has gone', () => {
  test.each([
    ['stream closes', (stream: Writable) => stream.destroy()],
    ['stream fails', (stream: Writable) => stream.destroy(new Error('ECONNRESET'))],
  ])('is noticed when the %s, and a write that waits ends', async (_, leave) => {
    const { stream, response, stop } = prepare();
    response.begin(200, []);
    stop();
    const written = response.write(Buffer.alloc(100));
    written.catch(() => undefined);

    leave(stream);
    await turn();

    expect(response.gone.aborted).toBe(true);
    await expect(written).rejects.toBeDefined();
    await expect(response.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'ERR_USER_GONE' });
    await expect(response.end()).rejects.toMatchObject({ code: 'ERR_USER_GONE' });
  });

  test('is noticed before there is an answer', async () => {
    const { stream, response } = prepare();

    stream.destroy(new Error('ECONNRESET'));
    await turn();

    expect(response.gone.reason).toMatchObject({ code: 'ERR_USER_GONE' });
  });

  test('is one who takes nothing for five minutes, where nobody tells', async () => {
    const { response, clock, stop } = prepare();
    response.begin(200, []);
    stop();
    const written = response.write(Buffer.alloc(100));
    written.catch(() => undefined);

    await clock.advance(299_000);
    const before = response.gone.aborted;
    await clock.advance(1_000);

    expect(before).toBe(false);
    await expect(written).rejects.toMatchObject({ code: 'ERR_USER_GONE', message: expect.stringContaining('300 s') });
  });

  test('is not one who takes a part at a time', async () => {
    const { response, clock, stop, take } = prepare();
    response.begin(200, []);
    stop();

    for (let part = 0; part < 3; part += 1) {
      const written = response.write(Buffer.alloc(100));
      await clock.advance(200_000);
      take();
      await written;
    }

    expect(response.gone.aborted).toBe(false);
    expect(clock.pending()).toBe(0);
  });

  test('is not one whose answer is complete', async () => {
    const { response } = prepare();
    response.begin(200, []);

    await response.end();
    await turn();

    expect(response.gone.aborted).toBe(false);
  });
});
