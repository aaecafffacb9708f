import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { createDialToken } from './dial-token.ts';
import { createKeyPairs, type Identity, prepareDirectory, publicKey, readIdentity, writeIdentity } from './identity.ts';

let folder: string;
let identity: Identity;
beforeEach(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'sallyport-identity-')), 'state');
  identity = {
    connector: 'hall-1',
    tenant: 'contoso',
    group: 'office',
    tunnelUrl: 'wss://tunnel.example.com/live',
    ...(await createKeyPairs()),
  };
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

test('an identity is kept where only its user may read it', async () => {
  await writeIdentity(folder, identity);

  expect(await readIdentity(folder)).toEqual(identity);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'identity.json')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['identity.json']);
});

test('a directory without one has none', async () => {
  expect(await readIdentity(folder)).toBeNull();
});

test('an identity that others may read is not trusted', async () => {
  await writeIdentity(folder, identity);
  chmodSync(join(folder, 'identity.json'), 0o644);

  await expect(readIdentity(folder)).rejects.toMatchObject({ code: 'ERR_CONFIGURATION_INVALID', message: expect.stringContaining('644') });
});

test.each(['', '{}', '{"connector":"x"', '[]'])('a damaged identity is refused without showing it: %p', async (text) => {
  await writeIdentity(folder, identity);
  writeFileSync(join(folder, 'identity.json'), text);

  await expect(readIdentity(folder)).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION_INVALID',
    message: expect.stringContaining('enrol again'),
  });
});

test('a directory that cannot be had is refused before a code is spent', async () => {
  writeFileSync(folder, 'a file');

  await expect(prepareDirectory(folder)).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION_INVALID',
    message: expect.stringContaining('--state-directory'),
  });
});

test('the public part of a key holds no private member', async () => {
  expect(Object.keys(publicKey(identity.signingKey)).sort()).toEqual(['crv', 'kty', 'x', 'y']);
});

test('a dial token says who dials, for one minute, for this tenant’s Tunnel API alone', async () => {
  const now = Date.UTC(2030, 0, 1);

  const token = await createDialToken(identity, now);
  const other = await createDialToken(identity, now);

  const { payload } = await jwtVerify(token, await importJWK({ ...publicKey(identity.signingKey) }, 'ES256'), {
    currentDate: new Date(now),
  });
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: 'hall-1' });
  expect(payload).toEqual({
    iss: 'hall-1',
    sub: 'hall-1',
    aud: 'sallyport:contoso:tunnel',
    iat: now / 1000,
    exp: now / 1000 + 60,
    jti: expect.any(String),
  });
  expect(other).not.toBe(token);
});
