// Which machine a connection to an origin reaches, and whose certificate it must show.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Resolve } from './address.ts';
import { parseConnectTo } from './connect-to.ts';
import { call, createOrigins, serve, textOf } from './testing/origins.ts';

describe('the machine itself and link-local addresses are refused', () => {
  test.each([
    ['http://127.0.0.1:1', false],
    ['http://[::1]:1', false],
    ['http://169.254.169.254', true],
    ['http://[::ffff:169.254.169.254]', true],
  ])('as literals: %s', async (origin, loopbackAllowed) => {
    await expect(createOrigins().call(call({ origin, loopbackAllowed }))).rejects.toMatchObject({ code: 'ERR_ORIGIN_NOT_ALLOWED' });
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
    const origins = createOrigins({ resolve });

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

    await expect(createOrigins({ resolve }).call(call({ origin }))).rejects.toMatchObject({
      code: 'ERR_ORIGIN_CERTIFICATE',
      message: expect.stringContaining('--ca-file'),
    });
    expect((await createOrigins({ resolve, ca: [...rootCertificates, pem] }).call(call({ origin }))).status).toBe(200);
    expect((await createOrigins({ resolve }).call(call({ origin, verifyCertificate: false }))).status).toBe(200);
  });

  test('connections without checks are not shared with those that check', async () => {
    const { port } = await serveTls();
    const origins = createOrigins({ resolve });
    const origin = `https://wiki.corp:${port}`;

    await textOf((await origins.call(call({ origin, verifyCertificate: false }))).body);

    await expect(origins.call(call({ origin }))).rejects.toMatchObject({ code: 'ERR_ORIGIN_CERTIFICATE' });
  });

  test('the certificate must be the dialled host’s, whatever Host says', async () => {
    const { port, names } = await serveTls();
    const origins = createOrigins({ resolve, ca: [pem] });

    const right = await origins.call(call({ origin: `https://wiki.corp:${port}`, headers: [['Host', 'wiki.apps.example.com']] }));
    const wrong = origins.call(call({ origin: `https://other.corp:${port}`, headers: [['Host', 'wiki.corp']] }));

    await expect(wrong).rejects.toMatchObject({ code: 'ERR_ORIGIN_CERTIFICATE' });
    expect(await textOf(right.body)).toBe('wiki.apps.example.com');
    expect(names).toEqual(['wiki.corp']);
  });

  test('the certificate must be the name’s, also where the connection leads elsewhere', async () => {
    const { port, names } = await serveTls();
    const connectTo = ['wiki.corp:443', 'other.corp:443'].map((from) => parseConnectTo(`${from}=127.0.0.1:${port}`));
    const origins = createOrigins({ ca: [pem], connectTo });

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
  const origins = createOrigins({ resolve, connectTo: [parseConnectTo(`wiki.corp:80=${host}`)] });

  const answer = await origins.call(call({ origin: 'http://wiki.corp', headers: [['Host', 'wiki.corp']], loopbackAllowed: false }));

  expect(await textOf(answer.body)).toBe('wiki.corp');
  await expect(origins.call(call({ origin: 'http://wiki.corp:8080' }))).rejects.toMatchObject({ code: 'ERR_ORIGIN_UNREACHABLE' });
});
