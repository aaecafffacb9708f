// Whether the origin has got anything of a request that failed: only where it has nothing may another connector ask it, whatever the method.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { SallyportError } from '../protocol/errors.ts';
import type { ErrorFrame, RequestFrame } from '../protocol/frames.ts';
import { SILENCE_WAIT_MS } from '../protocol/limits.ts';
import type { Resolve } from './address.ts';
import { refusedHandshake } from './origin-errors.ts';
import type { OriginCall } from './ports.ts';
import { RequestBody } from './request-body.ts';
import { answerOf, createBench, PlayedBody } from './testing/bench.ts';
import { settled } from './testing/manual-clock.ts';
import { call, createOrigins, serve, serveRaw } from './testing/origins.ts';
import { serveTls } from './testing/serve-tls.ts';

const upgrade = { protocols: [], maxAgeMs: 60_000, idleMs: 60_000 };

describe('an error frame tells', () => {
  const alert = Object.assign(new Error('alert'), { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' });
  const refused = new SallyportError('ERR_ORIGIN_INVALID', 'refused', { cause: alert });
  const broken = new SallyportError('ERR_ORIGIN_ABORTED', 'broken');
  const failed = async (fail: (call: ReturnType<typeof createBench>['calls'][0]) => void, fields: Partial<RequestFrame> = {}) => {
    const bench = createBench();
    await bench.deliver(bench.request({ method: 'POST', ...fields }));
    if (bench.calls[0]) fail(bench.calls[0]);
    await bench.clock.pass(70_000);
    return bench.posted.map(({ frame }) => frame).find((frame): frame is ErrorFrame => frame.type === 'error');
  };

  test.each<[string, boolean, Parameters<typeof failed>]>([
    ['ERR_ORIGIN_NOT_ALLOWED', true, [() => undefined, { url: 'http://other.corp/' }]],
    ['ERR_ORIGIN_UNREACHABLE', true, [({ fail }) => fail(new SallyportError('ERR_ORIGIN_UNREACHABLE'))]],
    ['ERR_ORIGIN_TIMEOUT', true, [() => undefined]],
    ['ERR_ORIGIN_TIMEOUT', false, [({ connected }) => connected()]],
    [
      'ERR_ORIGIN_ABORTED',
      false,
      [
        (at) => {
          at.connected();
          at.fail(broken);
        },
      ],
    ],
    [
      'ERR_ORIGIN_INVALID',
      true,
      [
        (at) => {
          at.connected();
          at.fail(refused);
        },
      ],
    ],
    [
      // A sign-in, or the request itself, has come through before.
      'ERR_ORIGIN_INVALID',
      false,
      [
        (at) => {
          at.connected();
          at.connected();
          at.fail(refused);
        },
      ],
    ],
  ])('%s: nothing was sent is %s', async (code, unsent, [fail, fields]) => {
    expect(await failed(fail, fields)).toMatchObject({ code, unsent });
  });
});

describe('a call to an origin', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-unsent-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const parameters =
    '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=wiki.corp -addext subjectAltName=DNS:wiki.corp';
  execFileSync('openssl', ['req', ...parameters.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const pem = readFileSync(cert, 'utf8');

  /** How a call ended, and how often it had a connection. */
  const outcome = async (fields: Partial<OriginCall>, resolve?: Resolve) => {
    let connections = 0;
    const connected = () => {
      connections += 1;
    };
    const origins = createOrigins({ ca: [pem], connectTimeoutMs: 1_000, ...(resolve && { resolve }) });
    const error = await origins.call(call({ method: 'POST', ...fields, connected })).then(
      () => null,
      (failure: SallyportError) => failure,
    );
    return { code: error?.code, connections, handshake: error !== null && refusedHandshake(error) };
  };
  const toLoopback: Resolve = (_, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]);
  const nowhere: Resolve = (_, callback) => callback(Object.assign(new Error('EAI_FAIL'), { code: 'EAI_FAIL' }), []);
  const inHandshake = (spoken: string) => serveRaw((socket) => socket.once('data', () => socket.end(spoken)));
  const resetting = () => serveRaw((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const portOf = (host: string) => host.split(':')[1];

  describe.each([
    ['HTTP', {}],
    ['a WebSocket', { method: 'GET', upgrade }],
  ])('over %s that gets no connection is ERR_ORIGIN_UNREACHABLE, or says more', (_, fields) => {
    test.each<[string, () => Promise<{ origin: string; resolve?: Resolve }>, string]>([
      ['nothing listens', async () => ({ origin: 'http://127.0.0.1:1' }), 'ERR_ORIGIN_UNREACHABLE'],
      ['the name is not known', async () => ({ origin: 'http://wiki.corp', resolve: nowhere }), 'ERR_ORIGIN_UNREACHABLE'],
      ['the handshake ends', async () => ({ origin: `https://${await inHandshake('')}` }), 'ERR_ORIGIN_UNREACHABLE'],
      ['the handshake is reset', async () => ({ origin: `https://${await resetting()}` }), 'ERR_ORIGIN_UNREACHABLE'],
      ['it never answers the handshake', async () => ({ origin: `https://${await serveRaw(() => undefined)}` }), 'ERR_ORIGIN_UNREACHABLE'],
      ['it speaks no TLS', async () => ({ origin: `https://${await inHandshake('SSH-2.0-OpenSSH\r\n')}` }), 'ERR_ORIGIN_TLS'],
      [
        'its certificate is another’s',
        async () => {
          const server = createTlsServer({ key: readFileSync(key), cert: pem }) as unknown as Server;
          return { origin: `https://other.corp:${portOf(await serve((_, answer) => void answer.end(), server))}`, resolve: toLoopback };
        },
        'ERR_ORIGIN_CERTIFICATE',
      ],
    ])('%s', async (_, prepare, code) => {
      const { origin, resolve } = await prepare();

      expect(await outcome({ ...fields, origin }, resolve)).toMatchObject({ code, connections: 0 });
    });
  });

  test.each([
    ['HTTP', { method: 'POST' }, 'ERR_ORIGIN_ABORTED'],
    ['a WebSocket', { method: 'POST', upgrade }, 'ERR_ORIGIN_ABORTED'],
  ])('over %s that loses its connection is not unreachable', async (_, fields, code) => {
    expect(await outcome({ ...fields, origin: `http://${await resetting()}` })).toMatchObject({ code, connections: 1 });
  });

  test.each([
    [
      'an accept that is another’s',
      'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
      'ERR_ORIGIN_INVALID',
    ],
    ['another protocol', 'HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n', 'ERR_ORIGIN_INVALID'],
  ])('a WebSocket’s handshake with %s has got there', async (_, spoken, code) => {
    const host = await serveRaw((socket) => socket.once('data', () => socket.write(spoken)));

    expect(await outcome({ method: 'GET', upgrade, origin: `http://${host}` })).toMatchObject({ code, connections: 1 });
  });

  test.each([
    ['tls1_2', {}, 0],
    ['tls1_3', { method: 'GET', upgrade }, 1],
    ['tls1_3', { method: 'GET' }, 1],
    ['tls1_3', { method: 'POST', body: Buffer.from('x') }, 1],
  ])('an origin that wants a certificate of the client has got nothing: %s', async (version, fields, connections) => {
    const port = await serveTls('-cert', cert, '-key', key, '-Verify', '1', `-${version}`);

    const found = await outcome({ ...fields, origin: `https://wiki.corp:${port}` }, toLoopback);

    expect(found).toMatchObject({ connections, handshake: true });
  });

  test('what breaks off later is no refusal of the handshake', () => {
    for (const code of ['ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC', 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'ECONNRESET', undefined]) {
      expect(refusedHandshake(new SallyportError('ERR_ORIGIN_INVALID', '', { cause: Object.assign(new Error('x'), { code }) }))).toBe(
        false,
      );
    }
  });

  test('with a body of which nothing has come yet has its connection', async () => {
    const stop = new AbortController();
    const host = await serve(() => undefined);
    let connected = (): void => undefined;
    const connection = new Promise<void>((resolve) => {
      connected = resolve;
    });
    const calling = createOrigins().call(
      call({ method: 'POST', origin: `http://${host}`, body: new RequestBody(), signal: stop.signal, connected }),
    );

    await connection;
    stop.abort(new SallyportError('ERR_USER_GONE'));

    await expect(calling).rejects.toMatchObject({ code: 'ERR_USER_GONE' });
  });
});

describe('an upload', () => {
  const begin = async () => {
    const bench = createBench();
    const request = bench.request({ method: 'POST', hasBody: true, end: false, upload: { length: 4 } });
    await bench.deliver(request);
    const told = (replyTo: string) => bench.posted.flatMap(({ frame, replyTo: to }) => (to === replyTo ? [frame] : []));
    const ask = (replyTo: string) => bench.deliver({ type: 'part', exchange: request.exchange, offset: 0, until: 0, length: 4, replyTo });
    return { bench, call: bench.calls[0]!, told, ask };
  };

  test('has begun when its request has a connection, and not before', async () => {
    const { call: at, told, ask } = await begin();
    await ask('router-1');
    const before = told('router-1');

    at.connected();
    await settled();

    expect(before).toEqual([]);
    expect(told('router-1')).toMatchObject([{ type: 'taken', received: 0, taken: 0 }]);
  });

  test('that gets no connection is told as failed, to the router that asked last', async () => {
    const { call: at, told, ask } = await begin();
    await ask('router-2');

    at.fail(new SallyportError('ERR_ORIGIN_UNREACHABLE'));
    await settled();

    expect(told('router-1')).toEqual([]);
    expect(told('router-2')).toMatchObject([{ type: 'error', code: 'ERR_ORIGIN_UNREACHABLE', unsent: true }]);
  });

  test('that still waits for a connection has begun before its router takes the connector for dead', async () => {
    const { bench, call: at, told } = await begin();

    await bench.clock.pass(SILENCE_WAIT_MS - 1);
    at.connected();
    at.answer(answerOf(new PlayedBody().write(null)));
    await settled();

    expect(told('router-1').filter(({ type }) => type === 'taken')).toHaveLength(1);
  });
});
