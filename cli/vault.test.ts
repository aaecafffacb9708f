import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { compactDecrypt, importJWK } from 'jose';
import { readVaultKey } from '../protocol/vault.ts';
import type { CredentialOwner, createControlClient } from './control-client.ts';
import { main } from './main.ts';
import { readPasswordFrom } from './read-password.ts';

let folder: string;
let file: string;
const said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-cli-vault-'));
  file = join(folder, 'vault.json');
  said.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ports = { env: {}, say: (line: string) => void said.push(line), complain: (line: string) => void said.push(line) };
const keyIn = () => /vaultKey: (\S+)/.exec(said.join('\n'))?.[1] ?? '';

test('a vault’s key is written for its owner alone, once; what is printed is the public part', async () => {
  expect(await main(['vault', 'create', file], ports)).toBe(0);
  const written = readFileSync(file, 'utf8');

  const again = await main(['vault', 'create', file], ports);

  const { d, ...jwk } = JSON.parse(written);
  expect(readVaultKey(keyIn())?.jwk).toEqual(jwk);
  expect(said.join()).not.toContain(d);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect([again, readFileSync(file, 'utf8')]).toEqual([1, written]);
});

test('a password comes from standard input and leaves sealed for its application and user', async () => {
  await main(['vault', 'create', file], ports);
  const asked: CredentialOwner[] = [];
  const set: string[] = [];
  const client = {
    credentials: async (application: string, whose: CredentialOwner) => {
      asked.push(whose);
      return { application, vaultKey: keyIn(), owner: 'owner', setAt: null, refusedAt: null };
    },
    setCredentials: async (_application: string, _owner: string | null, sealed: string) => void set.push(sealed),
  };
  const connect = (() => client) as unknown as typeof createControlClient;
  const words = ['credentials', 'set', 'wiki', 'al', '--user', 'alice', '--endpoint', 'https://x.execute-api.eu-central-1.amazonaws.com'];

  const status = await main(words, { ...ports, connect, readPassword: async () => 'secret word' });

  const { plaintext } = await compactDecrypt(set[0]!, await importJWK(JSON.parse(readFileSync(file, 'utf8')), 'ECDH-ES'));
  expect(status).toBe(0);
  expect(asked).toEqual([{ user: 'alice' }]);
  expect(JSON.parse(new TextDecoder().decode(plaintext))).toEqual({
    application: 'wiki',
    owner: 'owner',
    username: 'al',
    password: 'secret word',
  });
  expect(said.join()).not.toContain('secret word');
  expect(await main(words, { ...ports, connect, readPassword: async () => '' })).toBe(1);
});

test('standard input is read to its end without the last line’s end; a terminal, which would show it, is refused', async () => {
  expect(await readPasswordFrom(Readable.from([Buffer.from('two\nli'), Buffer.from('nes\r\n')]))).toBe('two\nlines');
  await expect(readPasswordFrom(Object.assign(Readable.from([]), { isTTY: true }))).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION_INVALID',
  });
});
