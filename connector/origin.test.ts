import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { Resolve } from './address.ts';
import { parseConnectTo } from './connect-to.ts';
import { Origins, type OriginsOptions } from './origin.ts';
import type { OriginCall } from './ports.ts';
import { listen } from './testing/fake-service.ts';

const open: Array<{ close(): unknown }> = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const serve = async (listener: RequestListener, server: Server = createServer()): Promise<string> => {
  server.on('request', listener);
  const port = await listen(server);
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return `127.0.0.1:${port}`;
};

/** Answers each connection with raw bytes. */
const serveRaw = async (answer: (socket: Socket) => void): Promise<string> => {
  const server: TcpServer = createTcpServer((socket) => {
    socket.on('error', () => {});
    answer(socket);
  });
  const port = await listen(server as unknown as Server);
  open.push(server);
  return `127.0.0.1:${port}`;
};

const create = (options: Partial<OriginsOptions> = {}): Origins => {
  const origins = new Origins({ connections: 4, connectTimeoutMs: 2_000, ca: null, ...options });
  open.push(origins);
  return origins;
};

const call = (fields: Partial<OriginCall>): OriginCall => ({
  method: 'GET',
  origin: 'http://127.0.0.1:1',
  path: '/',
  headers: [],
  body: null,
  verifyCertificate: true,
  loopbackAllowed: true,
  signal: new AbortController().signal,
  connected: () => {},
  ...fields,
});

const textOf = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
};

const bodyOf = (request: IncomingMessage): Promise<string> => textOf(request);

describe('a request reaches the origin', () => {
  test('byte for byte in path and query, with its fields in order, doubles kept', async () => {
    let seen: IncomingMessage | undefined;
    const host = await serve((request, response) => {
      seen = request;
      response.end();
    });

    await create().call(
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

    await create().call(
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

    const { body } = await create().call(
      call({ method: 'POST', origin: `http://${host}`, headers: [['Content-Length', '3']], body: Buffer.from('hello') }),
    );

    expect(await textOf(body)).toBe('5 hello');
  });

  test('with an empty body that is told apart from none', async () => {
    const host = await serve((request, response) => void response.end(String(request.headers['content-length'])));

    const { body } = await create().call(call({ method: 'POST', origin: `http://${host}`, body: Buffer.alloc(0) }));

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

    const origins = create();
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

    const answer = await create().call(call({ origin: `http://${host}` }));

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

    const { body } = await create().call(call({ origin: `http://${host}` }));
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
    const origins = create();
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
    const origins = create();

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

    const { body } = await create().call(call({ origin: `http://${host}` }));

    expect(await textOf(body)).toBe('ok');
    expect(connections).toBe(2);
  });

  test('but a request that must not be repeated is not', async () => {
    let connections = 0;
    const host = await serveRaw((socket) => {
      connections += 1;
      socket.once('data', () => socket.destroy());
    });

    await expect(create().call(call({ method: 'POST', origin: `http://${host}`, body: Buffer.from('x') }))).rejects.toMatchObject({
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
    const origins = create({ connections: 1 });

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
    const origins = create();

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

describe('a failure has its code', () => {
  const answers = (bytes: string) => serveRaw((socket) => socket.once('data', () => socket.end(bytes)));
  const failure = async (fields: Partial<OriginCall>, options?: Partial<OriginsOptions>): Promise<unknown> =>
    create(options)
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
    const host = await answers('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');

    expect(await failure({ origin: `http://${host}` })).toMatchObject({ code: 'ERR_ORIGIN_ABORTED' });
  });

  test('the body is coded in a way that nobody asked for', async () => {
    const host = await answers('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n');

    expect(await failure({ origin: `http://${host}` })).toMatchObject({ code: 'ERR_ORIGIN_INVALID' });
  });

  test('it changes to another protocol', async () => {
    const host = await answers('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');

    expect(await failure({ origin: `http://${host}`, method: 'POST' })).toMatchObject({ code: expect.stringMatching(/^ERR_ORIGIN_/) });
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
      code: 'ERR_ORIGIN_INVALID',
      message: expect.stringContaining('is http:// meant?'),
    });
  });
});

describe('the machine itself and link-local addresses are refused', () => {
  test.each([
    ['http://127.0.0.1:1', false],
    ['http://[::1]:1', false],
    ['http://169.254.169.254', true],
    ['http://[::ffff:169.254.169.254]', true],
  ])('as literals: %s', async (origin, loopbackAllowed) => {
    await expect(create().call(call({ origin, loopbackAllowed }))).rejects.toMatchObject({ code: 'ERR_ORIGIN_NOT_ALLOWED' });
  });

  test('behind a name, when it is connected to, so that rebinding does not help', async () => {
    let called = 0;
    const host = await serve((_, response) => {
      called += 1;
      response.setHeader('Connection', 'close');
      response.end();
    });
    const answers = ['10.255.255.1', '127.0.0.1'];
    const resolve: Resolve = (_, callback) => callback(null, [{ address: answers.at(-1)!, family: 4 }]);
    const origin = `http://rebinding.corp:${host.split(':')[1]}`;
    const origins = create({ resolve });

    await expect(origins.call(call({ origin, loopbackAllowed: false }))).rejects.toMatchObject({ code: 'ERR_ORIGIN_NOT_ALLOWED' });
    await origins.call(call({ origin, loopbackAllowed: true }));

    expect(called).toBe(1);
  });
});

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-tls-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      key,
      '-out',
      certificate,
      '-days',
      '2',
      '-subj',
      '/CN=wiki.corp',
      '-addext',
      'subjectAltName=DNS:wiki.corp',
    ],
    { stdio: 'ignore' },
  );
  const pem = readFileSync(certificate, 'utf8');
  const resolve: Resolve = (_, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]);
  const serveTls = async (): Promise<{ port: string; names: string[] }> => {
    const names: string[] = [];
    const server = createTlsServer({ key: readFileSync(key), cert: pem });
    server.on('secureConnection', (socket) => names.push(String(socket.servername)));
    const host = await serve((request, response) => void response.end(request.headers.host), server as unknown as Server);
    return { port: host.split(':')[1]!, names };
  };

  test('an unknown authority is refused, unless it is added or the application says otherwise', async () => {
    const { port } = await serveTls();
    const origin = `https://wiki.corp:${port}`;

    await expect(create({ resolve }).call(call({ origin }))).rejects.toMatchObject({
      code: 'ERR_ORIGIN_CERTIFICATE',
      message: expect.stringContaining('--ca-file'),
    });
    expect((await create({ resolve, ca: [...rootCertificates, pem] }).call(call({ origin }))).status).toBe(200);
    expect((await create({ resolve }).call(call({ origin, verifyCertificate: false }))).status).toBe(200);
  });

  test('connections without checks are not shared with those that check', async () => {
    const { port } = await serveTls();
    const origins = create({ resolve });
    const origin = `https://wiki.corp:${port}`;

    await textOf((await origins.call(call({ origin, verifyCertificate: false }))).body);

    await expect(origins.call(call({ origin }))).rejects.toMatchObject({ code: 'ERR_ORIGIN_CERTIFICATE' });
  });

  test('the certificate must be the dialled host’s, whatever Host says', async () => {
    const { port, names } = await serveTls();
    const origins = create({ resolve, ca: [pem] });

    const right = await origins.call(call({ origin: `https://wiki.corp:${port}`, headers: [['Host', 'wiki.apps.example.com']] }));
    const wrong = origins.call(call({ origin: `https://other.corp:${port}`, headers: [['Host', 'wiki.corp']] }));

    await expect(wrong).rejects.toMatchObject({ code: 'ERR_ORIGIN_CERTIFICATE' });
    expect(await textOf(right.body)).toBe('wiki.apps.example.com');
    expect(names).toEqual(['wiki.corp']);
  });

  test('the certificate must be the name’s, also where the connection leads elsewhere', async () => {
    const { port, names } = await serveTls();
    const connectTo = ['wiki.corp:443', 'other.corp:443'].map((from) => parseConnectTo(`${from}=127.0.0.1:${port}`));
    const origins = create({ ca: [pem], connectTo });

    const right = await origins.call(call({ origin: 'https://wiki.corp', headers: [['Host', 'wiki.corp']] }));
    const wrong = origins.call(call({ origin: 'https://other.corp' }));

    await expect(wrong).rejects.toMatchObject({ code: 'ERR_ORIGIN_CERTIFICATE' });
    expect(await textOf(right.body)).toBe('wiki.corp');
    expect(names).toEqual(['wiki.corp']);
  });
});

test('an origin is dialled where the administrator says, without its name being looked up; other ports of it are not', async () => {
  const host = await serve((request, response) => void response.end(request.headers.host));
  const resolve: Resolve = (name, callback) => callback(Object.assign(new Error(`${name} was looked up`), { code: 'ENOTFOUND' }), []);
  const origins = create({ resolve, connectTo: [parseConnectTo(`wiki.corp:80=${host}`)] });

  const answer = await origins.call(call({ origin: 'http://wiki.corp', headers: [['Host', 'wiki.corp']], loopbackAllowed: false }));

  expect(await textOf(answer.body)).toBe('wiki.corp');
  await expect(origins.call(call({ origin: 'http://wiki.corp:8080' }))).rejects.toMatchObject({ code: 'ERR_ORIGIN_UNREACHABLE' });
});
