// `sallyport metadata` at a publisher on loopback.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { METADATA_MAX_BYTES } from '../tenants/saml-metadata.ts';
import { CERTIFICATE } from '../tenants/testing/certificates.ts';
import { applicationMetadata, providerMetadata } from '../tenants/testing/metadata.ts';
import { main } from './main.ts';

const NOW = Date.UTC(2027, 0, 15);
const HONEST = providerMetadata({ certificates: [CERTIFICATE] });

let server: Server;
let url: string;
let answer: (response: ServerResponse) => void;
let folder: string;
let file: string;
let said: string[];
let complained: string[];

beforeAll(async () => {
  server = createServer((_, response) => answer(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metadata`;
});
afterAll(async () => {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'metadata-'));
  file = join(folder, 'login.xml');
  said = [];
  complained = [];
  answer = (response) => void response.end(HONEST);
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (...argv: string[]) =>
  main(['metadata', ...argv], {
    env: {},
    say: (line) => void said.push(line),
    complain: (line) => void complained.push(line),
    now: () => NOW,
  });

describe('metadata that are good', () => {
  test('are written as they came, and what they say is shown', async () => {
    expect([await run(url, file), complained]).toEqual([0, []]);

    expect(readFileSync(file, 'utf8')).toBe(HONEST);
    expect(said).toContain('+ provider issuer: https://login.example.com/saml');
    expect(said.join('\n')).toContain(`SHA-256 ${new X509Certificate(CERTIFICATE).fingerprint256}`);
  });

  test('may come from a file', async () => {
    const source = join(folder, 'downloaded.xml');
    writeFileSync(source, applicationMetadata({ certificates: [CERTIFICATE] }));

    expect(await run(source, file)).toBe(0);
    expect(said).toContain('+ application acsUrls: https://wiki.apps.example.com/acs');
  });

  test('that have changed show what is new and what is gone', async () => {
    await run(url, file);
    said = [];
    answer = (response) => void response.end(HONEST.replaceAll('login.example.com/slo-return', 'login.example.com/back'));

    expect(await run(url, file)).toBe(0);

    expect(said).toContain('  provider issuer: https://login.example.com/saml');
    expect(said).toContain('+ provider signOutAnswerUrl: https://login.example.com/back');
    expect(said).toContain('- provider signOutAnswerUrl: https://login.example.com/slo-return');
  });

  test('that have not changed change nothing', async () => {
    await run(url, file);
    said = [];

    expect([await run(url, file), said]).toEqual([0, [`${file} is already as ${url} says.`]]);
  });
});

describe('what is refused leaves the file as it was', () => {
  test.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['no metadata', (response) => void response.end('<html></html>'), /ERR_CONFIGURATION_INVALID.*[\s\S]*one entity/],
    [
      'entities',
      (response) => void response.end(HONEST.replace('<md:Entity', '<!DOCTYPE x><md:Entity')),
      /ERR_CONFIGURATION_INVALID[\s\S]*<!DOCTYPE/,
    ],
    [
      'without end',
      (response) => void response.end(Buffer.alloc(METADATA_MAX_BYTES + 1, ' ')),
      /ERR_CONFIGURATION_INVALID[\s\S]*bytes at most/,
    ],
    [
      'from elsewhere',
      (response) => void response.writeHead(302, { location: 'https://evil.example/' }).end(),
      /ERR_SERVICE_UNREACHABLE.*302/,
    ],
    ['an error', (response) => void response.writeHead(404).end(HONEST), /ERR_SERVICE_UNREACHABLE.*404/],
    [
      'no longer good',
      (response) => void response.end(providerMetadata({ certificates: [CERTIFICATE], attributes: ' validUntil="2026-12-31T00:00:00Z"' })),
      /ERR_CONFIGURATION_INVALID[\s\S]*still good/,
    ],
  ])('%s', async (_, answering, expected) => {
    answer = answering;

    expect(await run(url, file)).toBe(1);

    expect(complained.join('\n')).toMatch(expected);
    expect(existsSync(file)).toBe(false);
  });

  test('an address without TLS', async () => {
    expect([await run('http://login.example.com/metadata', file), existsSync(file)]).toEqual([1, false]);
    expect(complained.join()).toContain('an https URL');
  });

  test('unsigned, where a signer is named', async () => {
    const certificate = join(folder, 'publisher.pem');
    writeFileSync(certificate, CERTIFICATE);

    expect([await run(url, file, '--signed-by', certificate), existsSync(file)]).toEqual([1, false]);
    expect(complained.join()).toContain('signature');
  });

  test('a file that is something else', async () => {
    writeFileSync(file, 'tenant: x\n');

    expect([await run(url, file), readFileSync(file, 'utf8')]).toEqual([1, 'tenant: x\n']);
  });
});
