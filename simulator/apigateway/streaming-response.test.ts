// Streamed responses of a REST API, as a client sees them.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { NUL, type RestFixture, startRest, text } from './rest-fixture.ts';

let rest: RestFixture;
beforeEach(async () => {
  rest = await startRest();
});
afterEach(() => rest.world.dispose());

describe('a streamed response', () => {
  test('sends the head when the delimiter has come and then each byte as it comes', async () => {
    await rest.streaming();
    let release = () => {};
    rest.world.streams.router = async function* () {
      yield '{"statusCode":201,"headers":{"X-One":"1"},';
      yield `"multiValueHeaders":{"Set-Cookie":["a=1","b=2"]},"cookies":["c=3"]}${NUL.slice(3)}`;
      yield `${NUL.slice(5)}first`;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      yield 'second';
    };

    const request = rest.open('/');
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const [first] = (await once(response, 'data')) as [Buffer];
    release();

    expect(first.toString()).toBe('first');
    expect(await text(response)).toBe('second');
    expect(response.statusCode).toBe(201);
    expect(response.headers).toMatchObject({ 'x-one': '1', 'set-cookie': ['a=1', 'b=2', 'c=3'] });
    expect(response.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.headers['x-amz-apigw-id']).toMatch(/=$/);
    expect(response.headers['x-amzn-trace-id']).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
  });

  test('may begin with blanks, as JSON may: it is not silent then, and its head may come after more than five minutes', async () => {
    await rest.streaming();
    let waiting = () => {};
    let goOn = () => {};
    const next = () => new Promise<void>((resolve) => (waiting = resolve));
    rest.world.streams.router = async function* () {
      for (let minutes = 0; minutes < 14; minutes += 1) {
        yield ' ';
        const told = new Promise<void>((resolve) => (goOn = resolve));
        waiting();
        await told;
      }
      yield `{"statusCode":200}${NUL}body`;
    };

    let silent = next();
    const asked = rest.ask('/');
    for (let minutes = 0; minutes < 14; minutes += 1) {
      await silent;
      await rest.world.clock.advance(60_000);
      silent = next();
      goOn();
    }
    const { status, body } = await asked;

    expect({ status, body }).toEqual({ status: 200, body: 'body' });
  });

  test('is 500 when the delimiter comes after the first 16 KB', async () => {
    await rest.streaming();
    const metadata = (bytes: number) => {
      const envelope = JSON.stringify({ statusCode: 200, headers: { a: '' } }).length + NUL.length;
      return JSON.stringify({ statusCode: 200, headers: { a: 'x'.repeat(bytes - envelope) } });
    };

    for (const bytes of [16 * 1024, 16 * 1024 + 1]) {
      rest.world.streams.router = async function* () {
        yield `${metadata(bytes)}${NUL}body`;
      };
      expect((await rest.ask('/')).status).toBe(bytes === 16 * 1024 ? 200 : 500);
    }
  });

  test.each([
    ['kept', 0, ['5', undefined]],
    ['renamed', 1, [undefined, '5']],
  ])('has its Content-Length %s', async (_, renamesStreamedLength, [length, renamed]) => {
    await rest.world.dispose();
    rest = await startRest({ rest: { renamesStreamedLength } });
    await rest.streaming();
    rest.answering({ statusCode: 200, headers: { 'Content-Length': '5', 'Transfer-Encoding': 'chunked' } }, 'hello');

    const { headers, status, body } = await rest.ask('/');

    expect({ status, body }).toEqual({ status: 200, body: 'hello' });
    expect([headers['content-length'], headers['x-amzn-remapped-content-length']]).toEqual([length, renamed]);
  });

  test.each([
    ['less', 'hell'],
    ['more', 'hello!'],
  ])('breaks off where its body is %s than its Content-Length', async (_, body) => {
    await rest.streaming();
    rest.answering({ statusCode: 200, headers: { 'Content-Length': '5' } }, body);

    await expect(rest.ask('/')).rejects.toThrow();
  });

  test('renames the headers that API Gateway keeps for itself', async () => {
    await rest.streaming();
    rest.answering(
      {
        statusCode: 401,
        headers: { 'WWW-Authenticate': 'Negotiate', Server: 'x', Date: 'y', Connection: 'close', Via: 'z' },
      },
      'hello',
    );

    const { headers, rawHeaders, status, body } = await rest.ask('/');

    expect({ status, body }).toEqual({ status: 401, body: 'hello' });
    expect(rawHeaders).toEqual(expect.arrayContaining(['x-amzn-Remapped-WWW-Authenticate']));
    expect(headers).toMatchObject({ 'x-amzn-remapped-server': 'x', 'x-amzn-remapped-date': 'y', 'x-amzn-remapped-connection': 'close' });
    expect([headers['www-authenticate'], headers.via]).toEqual([undefined, undefined]);
  });

  test.each([
    ['the metadata is no JSON', `{${NUL}x`],
    ['the metadata has no status', `{}${NUL}x`],
    ['the status is none', `{"statusCode":99}${NUL}x`],
    ['a header is none', `{"statusCode":200,"headers":{"a b":"c"}}${NUL}x`],
    ['a header splits the head', `{"statusCode":200,"headers":{"a":"b\\r\\nc: d"}}${NUL}x`],
    ['there is no delimiter', '{"statusCode":200}'],
    ['there is nothing', ''],
  ])('is 502 when %s', async (_, output) => {
    await rest.streaming();
    rest.world.streams.router = async function* () {
      yield output;
    };

    const { status, body, headers } = await rest.ask('/');

    expect({ status, body }).toEqual({ status: 502, body: '{"message": "Internal server error"}' });
    expect(headers['x-amzn-errortype']).toBe('InternalServerErrorException');
  });

  test('breaks the connection when the function fails after the head', async () => {
    await rest.streaming();
    rest.world.streams.router = async function* () {
      yield `{"statusCode":200}${NUL}some`;
      throw new Error('Runtime exited');
    };

    await expect(rest.ask('/')).rejects.toThrow();
  });

  test('tells the function that the user has gone', async () => {
    await rest.streaming();
    const aborted = new Promise<void>((resolve) => {
      rest.world.streams.router = async function* (_event, signal) {
        signal.addEventListener('abort', () => resolve());
        yield `{"statusCode":200}${NUL}some`;
        await once(signal, 'abort');
      };
    });

    const request = rest.open('/');
    request.on('error', () => {});
    request.end();
    await once(request, 'response');
    request.destroy();

    await aborted;
  });

  test('is cut after five minutes of silence, and 504 when no head has come', async () => {
    await rest.streaming();
    rest.world.streams.router = async function* (event: { path: string }, signal) {
      if (event.path === '/late') yield `{"statusCode":200}${NUL}some`;
      reached();
      await once(signal, 'abort');
    };
    let reached = () => {};
    const silentAt = () =>
      new Promise<void>((resolve) => {
        reached = resolve;
      });

    const silence = silentAt();
    const early = rest.ask('/early');
    await silence;
    await rest.world.clock.advance(299_000);
    await rest.world.clock.advance(1_000);
    const again = silentAt();
    const late = rest.ask('/late').catch((error: Error) => error.message);
    await again;
    await rest.world.clock.advance(300_000);

    expect(await early).toMatchObject({ status: 504, body: '{"message": "Endpoint request timed out"}' });
    expect(await late).toBe('aborted');
  });

  test('slows down to 2 MB/s after 10 MB', async () => {
    await rest.world.dispose();
    rest = await startRest({ rest: { streamFreeBytes: 10, streamBytesPerSecond: 2 } });
    await rest.streaming();
    rest.answering({ statusCode: 200 }, '1234567890', 'ab', 'cd');
    const request = rest.open('/');
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let received = '';
    response.on('data', (chunk: Buffer) => {
      received += chunk;
    });

    await once(response, 'data');
    await rest.world.clock.advance(999);
    const early = received;
    await rest.world.clock.advance(1);
    await once(response, 'data');
    const ended = once(response, 'end');
    await rest.world.clock.advance(1000);
    await ended;

    expect(early).toBe('1234567890');
    expect(received).toBe('1234567890abcd');
  });

  test('has no body for HEAD', async () => {
    await rest.streaming();
    rest.answering({ statusCode: 200, headers: { etag: '"1"' } }, 'never');

    expect(await rest.ask('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '', headers: { etag: '"1"' } });
  });
});
