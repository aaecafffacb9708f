// Request smuggling: two readers of one byte stream disagree where a request ends, and what one takes for a body the other takes for
// the next request, past sign-in and in another user's name (“HTTP/1.1 must die”; CL.TE, TE.CL, CL.0, bare line feeds, folded fields,
// chunk extensions, h2c). Here a stranger's `GET /smuggled` is hidden in requests of a signed-in user; no origin may ever see it as one.
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Origins } from '../../connector/origin.ts';
import { ByteReader, type Field, readBody, readHead } from '../support/faithful/message.ts';
import { RawClient } from '../support/faithful/raw-client.ts';
import { join } from '../support/joined.ts';
import { sessionCookie } from '../support/user.ts';
import { startWorld, type World } from '../support/world.ts';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';

interface SeenRequest {
  readonly target: string;
  readonly fields: readonly Field[];
  readonly body: string;
}

/** Answers with the target it was asked for; `careless` origins do not look at bodies, and take them for the next request. */
const startOrigin = async () => {
  const seen: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  let careless = false;
  let answer = (target: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`;

  const serve = async (socket: Socket): Promise<void> => {
    const reader = new ByteReader(socket);
    for (;;) {
      const { start, fields } = await readHead(reader);
      const { body } = careless ? { body: Buffer.alloc(0) } : await readBody(reader, fields, 'none');
      const target = start.split(' ')[1] ?? '';
      seen.push({ target, fields, body: body.toString('latin1') });
      socket.write(answer(target));
    }
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    serve(socket).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    /** Connections that are open. */
    sockets,
    behave: (how: { careless?: boolean; answer?: (target: string) => string }) => {
      careless = how.careless ?? false;
      answer = how.answer ?? answer;
    },
    dispose: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
type Origin = Awaited<ReturnType<typeof startOrigin>>;
const plainly = (target: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`;

describe('through the whole path', () => {
  let origin: Origin;
  let world: World;
  let session: string;
  let host: string;
  let port: number;

  beforeAll(async () => {
    origin = await startOrigin();
    world = await startWorld('--lambda', 'quick', '--publish', `lenient=http://127.0.0.1:${origin.port}/`);
    session = `Cookie: ${await sessionCookie(world, 'bob', 'lenient')}`;
    ({ host } = new URL(world.url('lenient')));
    port = Number(new URL(world.url('lenient')).port);
  }, 120_000);
  afterAll(async () => {
    await world?.dispose();
    await origin?.dispose();
  }, 30_000);
  beforeEach(() => {
    origin.seen.length = 0;
    origin.behave({ answer: plainly });
  });

  /** Sends raw bytes, and behind them a last request that asks to be answered by the end of the connection; gives what came until then. */
  const send = async (bytes: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    const reader = new ByteReader(socket);
    socket.write(Buffer.from(`${bytes}GET /last HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, 'latin1'));
    // A reader who took the last request for a part of the one before it waits for more.
    const deadline = setTimeout(() => socket.destroy(), 5_000);
    const answer = (await reader.rest()).toString('latin1');
    clearTimeout(deadline);
    socket.destroy();
    return answer;
  };
  const request = (method: string, fields: string, body = '', target = '/') =>
    `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${session}\r\n${fields}\r\n${body}`;
  /** Another user, who must get what they asked for. */
  const victim = async (): Promise<string> => {
    const client = new RawClient(port);
    const got = await client.ask('GET', Buffer.from(request('GET', '', '', '/victim')));
    client.close();
    return got.body.toString();
  };
  const targets = () => origin.seen.map(({ target }) => target);

  test('the stranger’s request by itself does not get past sign-in', async () => {
    expect(await send(SMUGGLED.replace('Host: x', `Host: ${host}`))).toMatch(/^HTTP\/1\.1 401 /);
    expect(targets()).toEqual([]);
  });

  const chunkedSmuggled = `0\r\n\r\n${SMUGGLED}`;
  const inOneChunk = `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`;
  test.each<[string, () => string]>([
    ['CL.TE', () => request('POST', `Content-Length: ${chunkedSmuggled.length}\r\nTransfer-Encoding: chunked\r\n`, chunkedSmuggled)],
    ['TE.CL', () => request('POST', `Transfer-Encoding: chunked\r\nContent-Length: 4\r\n`, inOneChunk)],
    ['TE.TE, one disguised by its value', () => request('POST', 'Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n', chunkedSmuggled)],
    ['TE.TE, one disguised by its name', () => request('POST', 'Transfer-Encoding : chunked\r\nContent-Length: 5\r\n', chunkedSmuggled)],
    [
      'TE.TE, chunked before another',
      () => request('POST', 'Transfer-Encoding: chunked, identity\r\nContent-Length: 5\r\n', chunkedSmuggled),
    ],
    ['two lengths', () => request('POST', `Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}\r\n`, SMUGGLED)],
    ['a list of lengths', () => request('POST', `Content-Length: 0, ${SMUGGLED.length}\r\n`, SMUGGLED)],
    ['a length with a sign', () => request('POST', `Content-Length: +${SMUGGLED.length}\r\n`, SMUGGLED)],
    ['a length in another notation', () => request('POST', `Content-Length: 0x${SMUGGLED.length.toString(16)}\r\n`, SMUGGLED)],
    ['bare line feeds between fields', () => request('POST', `X-A: b\nContent-Length: 0\r\n`, SMUGGLED)],
    ['a bare carriage return in a field', () => request('POST', `X-A: b\rContent-Length: ${SMUGGLED.length}\r\n`, SMUGGLED)],
    [
      'a folded field',
      () => request('POST', `X-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: ${chunkedSmuggled.length}\r\n`, chunkedSmuggled),
    ],
    ['a folded coding', () => request('POST', `Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n`, chunkedSmuggled)],
    ['a NUL in a field', () => request('POST', `X-A: b\0\r\nContent-Length: 0\r\n`, SMUGGLED)],
    ['a chunk extension with a line feed', () => request('POST', 'Transfer-Encoding: chunked\r\n', `2;\nxx\r\n${inOneChunk}`)],
    ['a chunk whose size overflows', () => request('POST', 'Transfer-Encoding: chunked\r\n', `10000000000000000\r\n${SMUGGLED}`)],
    ['a chunk that is longer than it says', () => request('POST', 'Transfer-Encoding: chunked\r\n', `1\r\n${chunkedSmuggled}`)],
    ['trailers that look like a request', () => request('POST', 'Transfer-Encoding: chunked\r\n', `0\r\n${SMUGGLED}`)],
    [
      'a length in a trailer',
      () => request('POST', 'Transfer-Encoding: chunked\r\n', `1\r\nx\r\n0\r\nContent-Length: 0\r\nTransfer-Encoding: x\r\n\r\n`),
    ],
    ['a request line within a target', () => `GET /x\tHTTP/1.1\r\nHost: ${host}\r\n${session}\r\nContent-Length: 0\r\n\r\n${SMUGGLED}`],
    ['a second Host', () => request('POST', `Host: other.example\r\nContent-Length: ${SMUGGLED.length}\r\n`, SMUGGLED)],
  ])('%s: refused, the origin sees nothing, and the next user gets their own answer', async (_, attack) => {
    expect(await send(attack())).toMatch(/^HTTP\/1\.1 400 /);
    expect(origin.seen).toEqual([]);
    expect(await victim()).toBe('/victim');
  });

  test.each<[string, () => string]>([
    [
      'Connection that names the length',
      () => request('POST', `Connection: Content-Length\r\nContent-Length: ${SMUGGLED.length}\r\n`, SMUGGLED),
    ],
    ['Expect', () => request('POST', `Expect: 100-continue\r\nContent-Length: ${SMUGGLED.length}\r\n`, SMUGGLED)],
    ['an unknown expectation', () => request('POST', `Expect: y 100-continue\r\nContent-Length: ${SMUGGLED.length}\r\n`, SMUGGLED)],
    ['a body of GET', () => request('GET', `Content-Length: ${SMUGGLED.length}\r\n`, SMUGGLED)],
    ['a body of HEAD', () => request('HEAD', `Content-Length: ${SMUGGLED.length}\r\n`, SMUGGLED)],
    ['a body of DELETE in chunks', () => request('DELETE', 'Transfer-Encoding: chunked\r\n', inOneChunk)],
    [
      'absolute form and Host that differ',
      () => request('POST', `Content-Length: ${SMUGGLED.length}\r\n`, SMUGGLED, 'http://other.example/smuggled'),
    ],
  ])('%s: one request with a body, and the next user gets their own answer', async (_, attack) => {
    await send(attack());

    expect(origin.seen).toMatchObject([{ body: SMUGGLED }]);
    const named = (wanted: string) => origin.seen[0]!.fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
    expect(named('content-length')).toEqual([String(SMUGGLED.length)]);
    expect([...named('transfer-encoding'), ...named('expect')]).toEqual([]);
    expect(named('host')).toEqual([host]);
    expect(await victim()).toBe('/victim');
  });

  describe('CL.0: an origin that does not look at bodies takes them for requests; nobody else may get their answers', () => {
    test.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'POST', 'PUT'])('%s', async (method) => {
      origin.behave({ careless: true });

      const attacks = Array.from({ length: 5 }, () => send(request(method, `Content-Length: ${SMUGGLED.length}\r\n`, SMUGGLED)));
      await Promise.all(attacks);
      const victims = await Promise.all(Array.from({ length: 5 }, victim));

      expect(targets()).toContain('/smuggled');
      expect(victims).toEqual(Array(5).fill('/victim'));
    });
  });

  test('an answer that nobody asked for is given to nobody', async () => {
    origin.behave({ answer: (target) => plainly(target) + plainly('/planted') });

    const answers = [await victim(), await victim(), ...(await Promise.all([victim(), victim(), victim()]))];

    expect(answers).toEqual(Array(5).fill('/victim'));
  });

  describe('a failed upgrade leaves no tunnel', () => {
    const upgrades: [string, string][] = [
      ['h2c', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n'],
      [
        'WebSocket',
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
      ],
    ];

    test.each(upgrades)('%s: the origin is not asked for it, and what follows does not reach it', async (_, fields) => {
      const answer = await send(request('GET', fields) + SMUGGLED);

      expect(answer).not.toMatch(/^HTTP\/1\.1 101 /);
      expect(targets()).toEqual(['/']);
      expect(origin.seen[0]!.fields.filter(([name]) => /^(?:upgrade|http2-settings)$/i.test(name))).toEqual([]);
    });

    test.each(upgrades)('%s: an origin that changes the protocol all the same is cut off', async (_, fields) => {
      const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
      origin.behave({ answer: (target) => (target === '/' ? upgrade : plainly(target)) });

      const answer = await send(request('POST', `${fields}Content-Length: 0\r\n`) + SMUGGLED);

      expect(answer).toMatch(/^HTTP\/1\.1 502 /);
      expect(targets()).toEqual(['/']);
      expect(await victim()).toBe('/victim');
    });
  });
});

describe('whatever API Gateway would let through', () => {
  let origin: Origin;
  let origins: Origins;
  beforeEach(async () => {
    origin = await startOrigin();
    origins = new Origins({ connections: 4, connectTimeoutMs: 2_000, ca: null });
  });
  afterEach(async () => {
    await origins.close();
    await origin.dispose();
  });

  test('the connector writes one request, framed by itself', async () => {
    const world = join((call) => origins.call({ ...call, origin: `http://127.0.0.1:${origin.port}`, loopbackAllowed: true }));
    const field = fc.constantFrom<readonly [string, string]>(
      ['Content-Length', '0'],
      ['content-length', '5'],
      ['Content-Length', '4, 4'],
      ['Transfer-Encoding', 'chunked'],
      ['transfer-encoding', 'xchunked'],
      ['Transfer_Encoding', 'chunked'],
      ['Connection', 'close, Content-Length, Host'],
      ['Upgrade', 'h2c'],
      ['Expect', '100-continue'],
      ['Trailer', 'Content-Length'],
      ['TE', 'trailers'],
      ['X-A', 'b'],
    );
    const body = fc.constantFrom('', SMUGGLED, chunkedForm(SMUGGLED), `0\r\n\r\n${SMUGGLED}`);
    const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS');

    await fc.assert(
      fc.asyncProperty(method, fc.array(field, { maxLength: 4 }), body, async (httpMethod, fields, text) => {
        origin.seen.length = 0;
        const headers = Object.fromEntries(fields.map(([name, value]) => [name, [value]]));
        const asked = await world.rig.ask({
          httpMethod,
          headers,
          body: text === '' ? null : Buffer.from(text).toString('base64'),
          isBase64Encoded: true,
        });
        await asked.done;

        expect(origin.seen.map(({ target, body: arrived }) => [target, arrived])).toEqual([['/', text]]);
        expect(origin.seen[0]!.fields.filter(([name]) => /^(?:transfer-encoding|upgrade|te|trailer|expect)$/i.test(name))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

const chunkedForm = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
