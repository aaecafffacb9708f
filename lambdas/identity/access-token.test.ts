// Tokens with real signatures, from a provider on loopback. The attacks are those of peers' advisories: algorithm confusion, tokens of
// other audiences, issuers and deployments, keys named by the token itself.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { type AccessTokens, createAccessTokens } from './access-token.ts';
import { createProviderKeys } from './provider-keys.ts';
import { profile } from './testing/profile.ts';

const NOW_S = 1_800_000_000;
const AUDIENCE = 'api://orders';

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
type Key = Pair['privateKey'];

let server: Server;
let issuer: string;
let pair: Pair;
let other: Pair;
let published: object[];
let metadata: object;
let asked: string[];
let tokens: AccessTokens;

beforeAll(async () => {
  [pair, other] = await Promise.all([generateKeyPair('RS256', { extractable: true }), generateKeyPair('RS256', { extractable: true })]);
  server = createServer((request, response) => {
    asked.push(request.url!);
    response.end(JSON.stringify(request.url === '/keys' ? { keys: published } : metadata));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
});
beforeEach(async () => {
  published = [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }];
  metadata = { issuer, jwks_uri: `${issuer}/keys` };
  asked = [];
  tokens = createAccessTokens({ issuers: [{ profile: profile({ issuer }), keys: createProviderKeys({ issuer, now }) }], now });
});

const now = () => NOW_S * 1000;
const claims = (changes: JWTPayload = {}): JWTPayload => ({
  iss: issuer,
  aud: AUDIENCE,
  sub: 'alice-1',
  iat: NOW_S - 10,
  exp: NOW_S + 300,
  scope: 'orders.read',
  ...changes,
});
const sign = (payload: JWTPayload, header: object = {}, key: Key = pair.privateKey): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'at+jwt', ...header }).sign(key);
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const refusal = async (token: string) => {
  try {
    await tokens.verify(token, AUDIENCE);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'taken';
};

describe('of several providers', () => {
  const B = 'https://login.b.example';
  const both = async () => {
    const keysOf = async ({ publicKey }: Pair) =>
      createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' }] });
    const [keysOfA, keysOfB] = await Promise.all([keysOf(pair), keysOf(other)]);
    return createAccessTokens({
      issuers: [
        { profile: profile({ id: 'a', issuer }), keys: async () => keysOfA },
        { profile: profile({ id: 'b', issuer: B }), keys: async () => keysOfB },
      ],
      now,
    });
  };

  test('each one’s token is taken, and it is known whose it is', async () => {
    tokens = await both();

    const [ofA, ofB] = [await sign(claims()), await sign(claims({ iss: B }), {}, other.privateKey)];

    expect((await tokens.verify(ofA, AUDIENCE)).provider.id).toBe('a');
    expect((await tokens.verify(ofB, AUDIENCE)).provider.id).toBe('b');
  });

  test('one cannot sign in the name of another', async () => {
    tokens = await both();

    expect(await refusal(await sign(claims(), {}, other.privateKey))).toBe('ERR_TOKEN_INVALID');
    expect(await refusal(await sign(claims({ iss: B })))).toBe('ERR_TOKEN_INVALID');
  });

  test('an issuer that is a list, or none of the tenant’s, asks nobody for keys', async () => {
    const body = part({ ...claims(), iss: [issuer, B] });

    expect(await refusal(`${part({ alg: 'RS256', kid: 'k1' })}.${body}.AAAA`)).toBe('ERR_TOKEN_INVALID');
    expect(await refusal(await sign(claims({ iss: 'https://login.c.example' })))).toBe('ERR_TOKEN_INVALID');
    expect(asked).toEqual([]);
  });
});

test('a good token is taken, and keys are asked for once', async () => {
  const { claims: payload } = await tokens.verify(await sign(claims()), AUDIENCE);
  await tokens.verify(await sign(claims({ scope: undefined, scp: 'user_impersonation' })), AUDIENCE);

  expect(payload).toMatchObject({ sub: 'alice-1' });
  expect(asked).toEqual(['/.well-known/openid-configuration', '/keys']);
});

describe('is refused', () => {
  test.each<[string, JWTPayload]>([
    ['another audience', { aud: 'api://payroll' }],
    ['no audience', { aud: undefined }],
    ['another issuer', { iss: 'https://login.example.org' }],
    ['an issuer with a slash more', { iss: 'ISSUER/' }],
    ['an expired one', { exp: NOW_S - 61 }],
    ['one without an end', { exp: undefined }],
    ['one that is not good yet', { nbf: NOW_S + 61 }],
    ['one without a subject', { sub: undefined }],
    ['an ID token: it has no scope', { scope: undefined, nonce: 'n' }],
  ])('%s', async (_, changes) => {
    const iss = changes.iss === 'ISSUER/' ? { iss: `${issuer}/` } : {};

    expect(await refusal(await sign(claims({ ...changes, ...iss })))).toBe('ERR_TOKEN_INVALID');
  });

  test.each([
    ['another type', { typ: 'logout+jwt' }],
    ['a critical header that we do not know', { crit: ['x'], x: 1 }],
  ])('%s', async (_, header) => {
    const token = await sign(claims(), header).catch(() => `${part({ alg: 'RS256', kid: 'k1', ...header })}.${part(claims())}.AAAA`);

    expect(await refusal(token)).toBe('ERR_TOKEN_INVALID');
  });

  test('algorithm confusion: none, and HS256 with the public key as its secret (Hono CVE-2026-22817)', async () => {
    const none = `${part({ alg: 'none', typ: 'at+jwt' })}.${part(claims())}.`;
    const body = `${part({ alg: 'HS256', kid: 'k1', typ: 'at+jwt' })}.${part(claims())}`;
    const hmac = createHmac('sha256', await exportSPKI(pair.publicKey))
      .update(body)
      .digest('base64url');

    expect(await refusal(none)).toBe('ERR_TOKEN_INVALID');
    expect(await refusal(`${body}.${hmac}`)).toBe('ERR_TOKEN_INVALID');
  });

  test('an unknown key, one that the token brings along, and one that it points to', async () => {
    const stranger = await exportJWK(other.publicKey);

    expect(await refusal(await sign(claims(), { kid: 'k2' }, other.privateKey))).toBe('ERR_TOKEN_INVALID');
    expect(await refusal(await sign(claims(), { jwk: stranger }, other.privateKey))).toBe('ERR_TOKEN_INVALID');
    expect(await refusal(await sign(claims(), { jku: `${issuer}/stranger` }, other.privateKey))).toBe('ERR_TOKEN_INVALID');
    expect(asked).not.toContain('/stranger');
  });

  test.each(['', 'x', 'a.b', 'a.b.c', '..', 'eyJ.eyJ.'])('the text %j', async (token) => {
    expect(await refusal(token)).toBe('ERR_TOKEN_INVALID');
  });

  test('everything while the provider’s metadata is that of another issuer', async () => {
    metadata = { issuer: 'https://login.example.org', jwks_uri: `${issuer}/keys` };

    expect(await refusal(await sign(claims()))).toBe('ERR_IDENTITY_PROVIDER_UNREACHABLE');
  });
});
