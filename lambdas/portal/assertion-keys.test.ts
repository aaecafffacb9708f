import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { PublicKey } from '../assertion/signing-keys.ts';
import { createAssertUser } from '../router/assertion.ts';
import { application, user } from '../router/testing/records.ts';
import { ASSERTION_SECRET, startWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const assertion = async (secret = ASSERTION_SECRET): Promise<string> => {
  const signOn = { method: 'assertion', headers: {}, format: 'sallyport', header: 'A', audience: 'wiki', claims: {} } as const;
  const assertUser = createAssertUser({
    secret: async () => secret,
    portalUrl: world.portalUrl,
    now: () => world.clock,
    newId: () => 'id',
  });
  return (await assertUser(application({ singleSignOn: signOn }), user()))[0]![1];
};
const verified = (token: string, path: string) =>
  jwtVerify(token, createRemoteJWKSet(new URL(path, world.portalUrl)), {
    issuer: world.portalUrl,
    audience: 'wiki',
    currentDate: new Date(world.clock),
  });

interface KeySet {
  readonly keys: readonly PublicKey[];
}
const read = async <Type>(path: string): Promise<Type> => (await (await fetch(world.portalUrl + path)).json()) as Type;

test.each(['/.well-known/jwks.json', '/cdn-cgi/access/certs', '/.well-known/pomerium/jwks.json', '/iap/verify/public_key-jwk'])(
  'what the router signs holds by the keys at %s, and what anybody else signs does not',
  async (path) => {
    const { payload } = await verified(await assertion(), path);

    expect(payload.username).toBe('alice@example.com');
    await expect(verified(await assertion('another secret'), path)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  },
);

test('nothing of a private key is published, and nobody needs to be signed in', async () => {
  const { keys } = await read<KeySet>('/.well-known/jwks.json');

  expect(keys).toHaveLength(3);
  for (const key of keys) expect(Object.keys(key)).not.toContain('d');
});

test('the same keys are there by name as PEM, as Google has them', async () => {
  const { keys } = await read<KeySet>('/iap/verify/public_key-jwk');
  const pems = await read<Record<string, string>>('/iap/verify/public_key');

  expect(Object.keys(pems)).toEqual(keys.map(({ kid }) => kid));
  expect(createPublicKey(Object.values(pems)[0]!).export({ format: 'jwk' })).toMatchObject({ x: keys[0]!.x, y: keys[0]!.y });
});

test('a library that knows the issuer alone finds the keys, and may keep them for an hour', async () => {
  const metadata = await read<{ readonly jwks_uri: string }>('/.well-known/openid-configuration');

  expect(metadata).toMatchObject({ issuer: world.portalUrl, id_token_signing_alg_values_supported: ['ES256'] });
  expect((await fetch(metadata.jwks_uri)).headers.get('cache-control')).toBe('public, max-age=3600');
});
