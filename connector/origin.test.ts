// Requests to origins on loopback, and their answers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { call, createOrigins, serve, serveRaw, textOf } from './testing/origins.ts';

const bodyOf = (request: IncomingMessage): Promise<string> => textOf(request);

describe('a request reaches the origin', () => {
  test('byte for byte in path and query, with its fields in order, doubles kept', async () => {
    let seen: IncomingMessage | undefined;
    const host = await serve((request, response) => {
      seen = request;
      response.end();
    });

    await createOrigins().call(
      call({
        origin: `http://${host}`,
        path: '/a/../b//%2F%2f;x?q=%zz&q=[]|',
        headers: [
          ['Host', 'wiki.corp'],
          ['X-B', '1'],
          ['x-a', 'é'],
          ['X-B', '2'],
        ],
      }),
    );

    expect(seen!.url).toBe('/a/../b//%2F%2f;x?q=%zz&q=[]|');
    expect(seen!.headers.host).toBe('wiki.corp');
    expect(seen!.rawHeaders.slice(4)).toEqual(['X-B', '1', 'x-a', 'é', 'X-B', '2']);
  });

  test('without the fields of one hop', async () => {
    let seen: IncomingMessage | undefined;
    const host = await serve((request, response) => {
      seen = request;
      response.end();
    });

    await createOrigins().call(
      call({
        origin: `http://${host}`,
        headers: [
          ['Connection', 'close, X-Secret'],
          ['X-Secret', '1'],
          ['Upgrade', 'h2c'],
          ['Transfer-Encoding', 'chunked'],
          ['Expect', '100-continue'],
          ['Content-Length', '5'],
          ['X-Kept', '1'],
        ],
      }),
    );

    expect(Object.keys(seen!.headers).sort()).toEqual(['connection', 'host', 'x-kept']);
    expect(seen!.headers.connection).toBe('keep-alive');
  });

  test('with a whole body and its true length, whatever length was claimed', async () => {
    const host = await serve(async (request, response) => {
      response.end(`${request.headers['content-length']} ${await bodyOf(request)}`);
    });

    const { body } = await createOrigins().call(
      call({ method: 'POST', origin: `http://${host}`, headers: [['Content-Length', '3']], body: Buffer.from('hello') }),
    );

    expect(await textOf(body)).toBe('5 hello');
  });

  test('with an empty body that is told apart from none', async () => {
    const host = await serve((request, response) => void response.end(String(request.headers['content-length'])));

    const { body } = await createOrigins().call(call({ method: 'POST', origin: `http://${host}`, body: Buffer.alloc(0) }));

    expect(await textOf(body)).toBe('0');
  });

  test('with a body that is still coming: in chunks, or with the length that the client gave', async () => {
    const host = await serve(async (request, response) => {
      response.end(`${request.headers['content-length']} ${request.headers['transfer-encoding']} ${await bodyOf(request)}`);
    });
    const coming = async function* () {
      yield Buffer.from('hel');
      yield Buffer.from('lo');
    };

    const origins = createOrigins();
    const chunked = await origins.call(call({ method: 'POST', origin: `http://${host}`, body: coming() }));
    const known = await origins.call(
      call({ method: 'POST', origin: `http://${host}`, headers: [['Content-Length', '5']], body: coming() }),
    );

    expect(await textOf(chunked.body)).toBe('undefined chunked hello');
    expect(await textOf(known.body)).toBe('5 undefined hello');
  });
});

describe('an answer comes back', () => {
  test('as it is: fields in order with doubles, no decompression, no redirect followed', async () => {
    const content = gzipSync('hello');
    const host = await serve((_, response) => {
      response.writeHead(302, [
        ['Location', '/elsewhere'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['Content-Encoding', 'gzip'],
        ['X-Latin', 'caf\u00e9'],
        ['Keep-Alive', 'timeout=5'],
        ['Content-Length', String(content.length)],
      ] as never);
      response.end(content);
    });

    const answer = await createOrigins().call(call({ origin: `http://${host}` }));

    expect(answer.status).toBe(302);
    expect(answer.headers.filter(([name]) => name !== 'Date')).toEqual([
      ['Location', '/elsewhere'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['Content-Encoding', 'gzip'],
      ['X-Latin', 'caf\u00e9'],
      ['Content-Length', String(content.length)],
    ]);
    expect(await textOf(answer.body)).toBe(content.toString('latin1'));
  });

  test('as a stream: the first bytes before the last are written', async () => {
    let held: ServerResponse | undefined;
    const host = await serve((_, response) => {
      held = response;
      response.write('first');
    });

    const { body } = await createOrigins().call(call({ origin: `http://${host}` }));
    const chunks = body[Symbol.asyncIterator]();

    expect(Buffer.from((await chunks.next()).value!).toString()).toBe('first');
    held!.end('last');
    expect(Buffer.from((await chunks.next()).value!).toString()).toBe('last');
    expect((await chunks.next()).done).toBe(true);
  });

  test('and tells when it has a connection, new or kept, before the origin is asked', async () => {
    const events: string[] = [];
    const host = await serve((_request, response) => {
      events.push('asked');
      response.end('x');
    });
    const origins = createOrigins();
    const connected = () => void events.push('connected');

    for (let turn = 0; turn < 3; turn += 1) await textOf((await origins.call(call({ origin: `http://${host}`, connected }))).body);
    await expect(origins.call(call({ origin: 'http://127.0.0.1:1', connected }))).rejects.toMatchObject({ code: 'ERR_ORIGIN_UNREACHABLE' });

    expect(events).toEqual(['connected', 'asked', 'connected', 'asked', 'connected', 'asked']);
  });

  test('over connections that are kept', async () => {
    const sockets = new Set<unknown>();
    const host = await serve((request, response) => {
      sockets.add(request.socket);
      response.end('x');
    });
    const origins = createOrigins();

    for (let turn = 0; turn < 5; turn += 1) await textOf((await origins.call(call({ origin: `http://${host}` }))).body);

    // The second begins before the first connection is known to be free.
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  test('after one more try, when a kept connection turns out to be closed', async () => {
    let connections = 0;
    const host = await serveRaw((socket) => {
      connections += 1;
      if (connections === 1) socket.once('data', () => socket.destroy());
      else socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    });

    const { body } = await createOrigins().call(call({ origin: `http://${host}` }));

    expect(await textOf(body)).toBe('ok');
    expect(connections).toBe(2);
  });

  test('but a request that must not be repeated is not', async () => {
    let connections = 0;
    const host = await serveRaw((socket) => {
      connections += 1;
      socket.once('data', () => socket.destroy());
    });

    await expect(createOrigins().call(call({ method: 'POST', origin: `http://${host}`, body: Buffer.from('x') }))).rejects.toMatchObject({
      code: 'ERR_ORIGIN_ABORTED',
    });
    expect(connections).toBe(1);
  });
});

describe('interim answers', () => {
  test('are left out, asked for or not, on every request of a connection', async () => {
    let connections = 0;
    const host = await serveRaw((socket) => {
      connections += 1;
      socket.on('data', () => {
        socket.write(
          'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n',
        );
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    const origins = createOrigins({ connections: 1 });

    for (let request = 0; request < 3; request += 1) {
      const { status, headers, body } = await origins.call(call({ method: 'POST', origin: `http://${host}`, body: Buffer.from('x') }));

      expect({ status, headers, text: await textOf(body) }).toEqual({ status: 200, headers: [['Content-Length', '2']], text: 'ok' });
    }
    expect(connections).toBe(1);
  });
});

describe('an abort', () => {
  test('stops the call at the origin, before and within the answer', async () => {
    const ended: string[] = [];
    const waiting: Array<() => void> = [];
    const host = await serve((request, response) => {
      response.on('close', () => {
        ended.push(request.url!);
        waiting.splice(0).forEach((wake) => {
          wake();
        });
      });
      if (request.url === '/body') response.write('x');
      else
        waiting.splice(0).forEach((wake) => {
          wake();
        });
    });
    const next = () => new Promise<void>((wake) => waiting.push(wake));
    const origins = createOrigins();

    const before = new AbortController();
    const reached = next();
    const pending = origins.call(call({ origin: `http://${host}`, path: '/head', signal: before.signal }));
    await reached;
    const stopped = next();
    before.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
    await stopped;
    const within = new AbortController();
    const { body } = await origins.call(call({ origin: `http://${host}`, path: '/body', signal: within.signal }));
    const stoppedToo = next();
    within.abort(new Error('enough'));
    await expect(textOf(body)).rejects.toThrow('enough');
    await stoppedToo;

    expect(ended).toEqual(['/head', '/body']);
  });
});
