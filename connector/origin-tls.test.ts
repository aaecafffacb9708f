// Origins that want a client certificate, or speak an old TLS, and what is said of those that fail.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Resolve } from './address.ts';
import { createTlsOf, parseClientCertificate, parseTlsMinimum } from './origin-tls.ts';
import { call, createOrigins, textOf } from './testing/origins.ts';
import { serveTls } from './testing/serve-tls.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
/** Signed by itself. */
const certify = (name: string): void => {
  const parameters = `-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${name} -addext subjectAltName=DNS:${name}`;
  execFileSync('openssl', ['req', ...parameters.split(' '), '-keyout', at(`${name}.key`), '-out', at(`${name}.crt`)], { stdio: 'ignore' });
  writeFileSync(at(`${name}.pem`), readFileSync(at(`${name}.crt`), 'utf8') + readFileSync(at(`${name}.key`), 'utf8'));
};
for (const name of ['erp.corp', 'connector', 'stranger']) certify(name);

const toLoopback: Resolve = (_, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]);
const SERVER = ['-cert', at('erp.corp.crt'), '-key', at('erp.corp.key')];
const WANTS_CERTIFICATE = ['-Verify', '1', '-verify_return_error', '-CAfile', at('connector.crt')];
const OLD = ['-cipher', 'ALL@SECLEVEL=0'];

/** The page's beginning, or the failure. */
const ask = async (
  server: string[],
  { certificate, minimum, upgrade = false }: { readonly certificate?: string; readonly minimum?: string; readonly upgrade?: boolean } = {},
) => {
  const port = await serveTls(...SERVER, ...server);
  const origin = `https://erp.corp:${port}`;
  const tlsOf = createTlsOf(
    certificate === undefined ? [] : [parseClientCertificate(`${origin}=${at(`${certificate}.pem`)}`)],
    minimum === undefined ? [] : [parseTlsMinimum(`${origin}=${minimum}`)],
  );
  const origins = createOrigins({ ca: [readFileSync(at('erp.corp.crt'), 'utf8')], resolve: toLoopback, tlsOf });
  const handshake = upgrade ? { upgrade: { protocols: [], maxAgeMs: 60_000, idleMs: 60_000 } } : {};
  try {
    const { status, body } = await origins.call(call({ origin, ...handshake }));
    return { status, text: (await textOf(body)).length > 0 };
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
};

const PAGE = { status: 200, text: true };
const failed = (reason: string) => ({ code: 'ERR_ORIGIN_TLS', message: expect.stringContaining(reason) });

describe.each(['-tls1_2', '-tls1_3'])('an origin that wants a client certificate, %s', (version) => {
  test.each([false, true])('gets the one that is named for it; for a WebSocket: %s', async (upgrade) => {
    expect(await ask([version, ...WANTS_CERTIFICATE], { certificate: 'connector', upgrade })).toEqual(PAGE);
  });

  test('is said to require one', async () => {
    expect(await ask([version, ...WANTS_CERTIFICATE])).toEqual(
      failed('requires a client certificate; name one for it with --client-certificates'),
    );
  });

  test('is said not to accept another', async () => {
    expect(await ask([version, ...WANTS_CERTIFICATE], { certificate: 'stranger' })).toEqual(
      failed('does not accept the client certificate'),
    );
  });
});

test('an origin that wants none is shown none', async () => {
  expect(await ask(['-tls1_3'], { certificate: 'connector' })).toEqual(PAGE);
});

describe('an origin that speaks old versions alone', () => {
  test.each(['-tls1', '-tls1_1'])('%s is refused, and said to', async (version) => {
    expect(await ask([version, ...OLD])).toEqual(failed('no TLS 1.2 or later, only an older version'));
  });

  test.each([
    ['-tls1', '1.0'],
    ['-tls1_1', '1.0'],
    ['-tls1_1', '1.1'],
    ['-tls1_2', '1.0'],
  ])('%s is spoken with where %s is put up with', async (version, minimum) => {
    expect(await ask([version, ...OLD], { minimum })).toEqual(PAGE);
  });

  test('is refused where a newer one is required', async () => {
    expect(await ask(['-tls1', ...OLD], { minimum: '1.1' })).toEqual(failed('no TLS 1.1 or later'));
    expect(await ask(['-tls1_2'], { minimum: '1.3' })).toEqual(failed('no TLS 1.3 or later'));
  });
});

test('an origin with other ciphers is said to have none in common', async () => {
  expect(await ask(['-tls1_2', '-cipher', 'NULL-SHA256@SECLEVEL=0'])).toEqual(failed('no cipher in common'));
});

describe('a setting is refused', () => {
  test.each([
    ['http://erp.corp=x.pem', 'expected an https origin'],
    ['https://erp.corp', 'expected an https origin'],
    ['https://erp.corp/path=x.pem', 'expected scheme, host and port only'],
  ])('%s', (text, reason) => {
    expect(() => parseClientCertificate(text)).toThrow(reason);
    expect(() => parseTlsMinimum(text)).toThrow(reason);
  });

  test('with a version that is none', () => {
    expect(() => parseTlsMinimum('https://old.corp=0.9')).toThrow('expected one of 1.0, 1.1, 1.2, 1.3');
    expect(() => parseTlsMinimum('https://old.corp=toString')).toThrow('expected one of');
  });

  test.each([
    ['no file', 'missing.pem', 'ENOENT'],
    ['no certificate', 'connector.key', 'expected a certificate'],
    ['no key', 'connector.crt', 'expected a private key without a passphrase'],
    ['the key of another', 'mixed.pem', 'not that of the first certificate'],
  ])('with %s', (_, name, reason) => {
    writeFileSync(at('mixed.pem'), readFileSync(at('connector.crt'), 'utf8') + readFileSync(at('stranger.key'), 'utf8'));

    expect(() => createTlsOf([parseClientCertificate(`https://erp.corp=${at(name)}`)], [])).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIGURATION_INVALID', message: expect.stringContaining(reason) }),
    );
  });
});
