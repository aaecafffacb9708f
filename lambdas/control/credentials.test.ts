import { createECDH } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CompactEncrypt, importJWK } from 'jose';
import type { CredentialsReport } from '../../protocol/control.ts';
import { ownerOf, readVaultKey } from '../../protocol/vault.ts';
import { session, user } from '../router/testing/records.ts';
import { ADMINISTRATOR, NOW, read, startWorld, type World, wiki } from './testing/world.ts';

const KEY = createECDH('prime256v1').generateKeys('base64url');
const OWNER = ownerOf(user());

let world: World;
let sealed: string;

beforeAll(async () => {
  world = await startWorld();
  const { id, jwk } = readVaultKey(KEY)!;
  sealed = await new CompactEncrypt(Buffer.from('{}'))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: id })
    .encrypt(await importJWK({ ...jwk }, 'ECDH-ES'));
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.reset();
  const own = { ...wiki, singleSignOn: { method: 'password', vaultKey: KEY } };
  const shelf = { ...wiki, id: 'shelf', externalUrl: 'https://shelf.apps.example.com/' };
  const shared = { ...shelf, singleSignOn: { method: 'password', vaultKey: KEY, credentials: 'shared' } };
  const plain = { ...wiki, id: 'plain', externalUrl: 'https://plain.apps.example.com/' };
  expect((await world.call('PUT', 'applications', { applications: [own, shared, plain] })).statusCode).toBe(200);
  world.lines.length = 0;
});

const signedIn = (id: string, changes: object = {}) =>
  world.sessions.create(session({ id, parent: id, host: null, expiresAt: NOW + 60_000, user: user({ username: 'alice', ...changes }) }));

test('those of a user who is signed in are set, seen and removed, and the audit tells by whom', async () => {
  await signedIn('s-1');

  const before = read<CredentialsReport>(await world.call('GET', 'credentials/wiki?user=alice'));
  const set = await world.call('PUT', 'credentials/wiki', { owner: before.owner, sealed });
  const after = read<CredentialsReport>(await world.call('GET', 'credentials/wiki?user=alice'));
  const stored = await world.credentials.find('wiki', OWNER);
  const removed = await world.call('DELETE', 'credentials/wiki?user=alice');

  expect(before).toEqual({ application: 'wiki', vaultKey: KEY, owner: OWNER, setAt: null, refusedAt: null });
  expect([set.statusCode, after.setAt, removed.statusCode]).toEqual([200, NOW, 200]);
  expect(stored).toEqual({ sealed, owner: OWNER, setBy: ADMINISTRATOR.iam.userArn, setAt: NOW, refusedAt: null });
  expect(await world.credentials.find('wiki', OWNER)).toBeNull();
  expect(world.lines.map(({ event, administrator }) => [event, administrator])).toEqual([
    ['control.credentials-set', ADMINISTRATOR.iam.userArn],
    ['control.credentials-removed', ADMINISTRATOR.iam.userArn],
  ]);
});

test('those of a user who is not signed in go by what the provider knows them by; shared ones by nobody', async () => {
  const { issuer, subject } = user();

  const own = read<CredentialsReport>(await world.call('GET', `credentials/wiki?${new URLSearchParams({ issuer, subject })}`));
  const shared = read<CredentialsReport>(await world.call('GET', 'credentials/shelf'));

  expect([own.owner, shared.owner]).toEqual([OWNER, null]);
});

test('a refusal is noted only with the credentials that were refused', async () => {
  const wrong = { sealed: 'wrong', owner: OWNER, setBy: 'alice', setAt: NOW, refusedAt: null };
  await world.credentials.put('wiki', wrong);
  await world.credentials.noteRefusal('wiki', wrong);
  const noted = await world.credentials.find('wiki', OWNER);
  await world.credentials.put('wiki', { ...wrong, sealed: 'other' });
  await world.credentials.noteRefusal('wiki', wrong);
  await world.credentials.noteRefusal('shelf', wrong);

  expect(noted?.refusedAt).toBe(NOW);
  expect(await world.credentials.find('wiki', OWNER)).toMatchObject({ sealed: 'other', refusedAt: null });
  expect(await world.credentials.find('shelf', OWNER)).toBeNull();
});

describe('what is refused', () => {
  test.each<[string, string, string, object | undefined, number]>([
    ['an application without passwords', 'GET', 'credentials/plain?user=alice', undefined, 404],
    ['an application that there is not', 'GET', 'credentials/none?user=alice', undefined, 404],
    ['a user who is not signed in', 'GET', 'credentials/wiki?user=carol', undefined, 400],
    ['nobody', 'GET', 'credentials/wiki', undefined, 400],
    ['two ways to say who', 'GET', 'credentials/wiki?user=alice&issuer=x&subject=y', undefined, 400],
    ['a user where all share them', 'GET', 'credentials/shelf?user=alice', undefined, 400],
    ['what is not there', 'DELETE', 'credentials/shelf', undefined, 404],
    ['what is not sealed', 'PUT', 'credentials/wiki', { owner: OWNER, sealed: 'a password' }, 400],
    ['shared ones for users of their own', 'PUT', 'credentials/wiki', { owner: null, sealed: '' }, 400],
    ['a user’s own where all share them', 'PUT', 'credentials/shelf', { owner: OWNER, sealed: '' }, 400],
    ['an owner that is none', 'PUT', 'credentials/wiki', { owner: 'alice', sealed: '' }, 400],
  ])('%s', async (_, method, path, body, status) => {
    await signedIn('s-1');
    const { statusCode } = await world.call(
      method,
      path,
      body && { sealed, ...body, ...('sealed' in body && body.sealed === '' ? { sealed } : {}) },
    );

    expect(statusCode).toBe(status);
    expect(JSON.stringify(world.lines)).not.toContain('a password');
  });

  test('a name that two providers’ users have', async () => {
    await signedIn('s-1');
    await signedIn('s-2', { issuer: 'https://other.example' });

    expect((await world.call('GET', 'credentials/wiki?user=alice')).statusCode).toBe(400);
  });
});
