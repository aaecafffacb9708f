import { describe, expect, test } from '@jest/globals';
import { CompactEncrypt, generateKeyPair } from 'jose';
import { sealedTo } from '../../../protocol/vault.ts';
import { codeOf, OWNER, seal, VAULT_JWK, VAULT_KEY } from './testing/played-application.ts';
import { createVault, readVaultKeys } from './vault.ts';

const open = createVault(new Map([[VAULT_KEY.id, VAULT_JWK]]));
const alice = OWNER('alice');

test('what was sealed for a user and an application is opened for them', async () => {
  const sealed = await seal({ owner: alice });

  expect(sealedTo(sealed)).toBe(VAULT_KEY.id);
  expect(await open({ application: 'wiki', owner: alice, sealed })).toEqual({ username: 'alice', password: 'of alice' });
});

describe('sealed credentials that somebody has moved are refused', () => {
  test.each([
    ['to another application', { application: 'shop', owner: alice }],
    ['to another user', { application: 'wiki', owner: OWNER('mallory') }],
    ['to all users', { application: 'wiki', owner: null }],
  ])('%s, also after they were opened where they belong', async (_, whose) => {
    const sealed = await seal({ owner: alice });
    const before = await codeOf(open({ ...whose, sealed }));
    await open({ application: 'wiki', owner: alice, sealed });

    expect([before, await codeOf(open({ ...whose, sealed }))]).toEqual(['ERR_CREDENTIALS_UNREADABLE', 'ERR_CREDENTIALS_UNREADABLE']);
  });

  test('shared ones, to one user', async () => {
    expect(await codeOf(open({ application: 'wiki', owner: alice, sealed: await seal({}) }))).toBe('ERR_CREDENTIALS_UNREADABLE');
  });
});

test('what is sealed to another key, changed, or nothing of the kind is refused, and its content is not told', async () => {
  const { publicKey } = await generateKeyPair('ECDH-ES', { crv: 'P-256' });
  const other = await new CompactEncrypt(Buffer.from('{"password":"secret"}'))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: VAULT_KEY.id })
    .encrypt(publicKey);
  const good = await seal({});
  const parts = good.split('.');
  const changed = [...parts.slice(0, 3), `${parts[3]!.startsWith('A') ? 'B' : 'A'}${parts[3]!.slice(1)}`, parts[4]].join('.');

  for (const sealed of [other, changed, 'nothing', '']) {
    const failure = await open({ application: 'wiki', owner: null, sealed }).catch((error: Error & { code: string }) => error);
    expect(failure).toMatchObject({ code: 'ERR_CREDENTIALS_UNREADABLE' });
    expect((failure as Error).message).not.toContain('secret');
  }
  expect(await codeOf(createVault(new Map())({ application: 'wiki', owner: null, sealed: good }))).toBe('ERR_CREDENTIALS_UNREADABLE');
});

test('key files are read, and a faulty one is named without what is in it', () => {
  const files: Record<string, string> = { good: JSON.stringify(VAULT_JWK), text: 'very secret', other: '{"kty":"oct","k":"very secret"}' };
  const read = (path: string) => files[path]!;

  expect([...readVaultKeys(['good'], read).keys()]).toEqual([VAULT_KEY.id]);
  for (const path of ['text', 'other']) {
    const failure = (() => {
      try {
        return readVaultKeys([path], read);
      } catch (error) {
        return error as Error;
      }
    })();
    expect(failure).toMatchObject({ code: 'ERR_CONFIGURATION_INVALID', message: expect.stringContaining(path) });
    expect((failure as Error).message).not.toContain('very secret');
  }
});
