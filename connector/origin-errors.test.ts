import { describe, expect, test } from '@jest/globals';
import type { Resolve } from './address.ts';
import type { OriginsOptions } from './origin.ts';
import type { OriginCall } from './ports.ts';
import { call, createOrigins, serve, serveRaw, textOf } from './testing/origins.ts';

describe('a failure has its code', () => {
  const answers = (bytes: string) => serveRaw((socket) => socket.once('data', () => socket.end(bytes)));
  const failure = async (fields: Partial<OriginCall>, options?: Partial<OriginsOptions>): Promise<unknown> =>
    createOrigins(options)
      .call(call(fields))
      .then(({ body }) => textOf(body))
      .catch((error: unknown) => error);

  test('nothing listens', async () => {
    expect(await failure({})).toMatchObject({ code: 'ERR_ORIGIN_UNREACHABLE', message: expect.stringContaining('ECONNREFUSED') });
  });

  test('the name has no address', async () => {
    const resolve: Resolve = (_, callback) => callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), []);

    expect(await failure({ origin: 'http://nowhere.corp' }, { resolve })).toMatchObject({ code: 'ERR_ORIGIN_UNREACHABLE' });
  });

  test('the answer is no HTTP', async () => {
    const host = await answers('SSH-2.0-OpenSSH\r\n');

    expect(await failure({ origin: `http://${host}`, method: 'POST' })).toMatchObject({ code: 'ERR_ORIGIN_INVALID' });
  });

  test('the status is none', async () => {
    const host = await answers('HTTP/1.1 999 Denied\r\nContent-Length: 0\r\n\r\n');

    expect(await failure({ origin: `http://${host}` })).toMatchObject({ code: 'ERR_ORIGIN_INVALID' });
  });

  test('two lengths contradict each other', async () => {
    const host = await answers('HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok');

    expect(await failure({ origin: `http://${host}` })).toMatchObject({
      code: 'ERR_ORIGIN_INVALID',
      message: expect.stringContaining('Content-Length is "2, 3"'),
    });
  });

  test('the body is coded in a way that nobody asked for', async () => {
    const host = await answers('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n');

    expect(await failure({ origin: `http://${host}` })).toMatchObject({ code: 'ERR_ORIGIN_INVALID' });
  });

  test('it changes to another protocol', async () => {
    const host = await answers('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');

    expect(await failure({ origin: `http://${host}`, method: 'POST' })).toMatchObject({ code: 'ERR_ORIGIN_INVALID' });
  });

  test('the head is too large', async () => {
    const host = await answers(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`);

    expect(await failure({ origin: `http://${host}` })).toMatchObject({ code: 'ERR_ORIGIN_INVALID' });
  });

  test('the body breaks off', async () => {
    const host = await answers('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');

    expect(await failure({ origin: `http://${host}` })).toMatchObject({ code: 'ERR_ORIGIN_ABORTED' });
  });

  test('a field of the request cannot be written', async () => {
    const host = await serve((_, response) => void response.end());

    expect(await failure({ origin: `http://${host}`, headers: [['X-A', 'a\r\nb']] })).toMatchObject({ code: 'ERR_REQUEST_INVALID' });
  });

  test('it speaks plain HTTP where TLS is expected', async () => {
    const host = await serve((_, response) => void response.end());

    expect(await failure({ origin: `https://${host}` })).toMatchObject({
      code: 'ERR_ORIGIN_TLS',
      message: expect.stringContaining('is http:// meant?'),
    });
  });
});
