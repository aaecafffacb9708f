// What an ID token must be (OpenID Connect Core §3.1.3.7): a played provider answers the code with tokens that are wrong in one thing each.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { createLog } from '../../protocol/log.ts';
import { profile } from '../identity/testing/profile.ts';
import type { IdentityProvider } from './ports.ts';
import { createProvider } from './provider.ts';

const NOW_MS = 1_800_000_000_000;
const NOW_S = NOW_MS / 1000;
const CLIENT_ID = 'sallyport';
const CLIENT_SECRET = 'known to the provider and us';
const CHECKS = { state: 's', nonce: 'n'.repeat(43), verifier: 'v'.repeat(43) };

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
const newPair = () => generateKeyPair('RS256', { extractable: true });

let server: Server;
let issuer: string;
let [ours, strangers]: Pair[] = [];
let published: object[];
let algorithms: string[];
let idToken: string;
let keysAsked: number;
let provider: IdentityProvider;
let nowMs: number;

beforeAll(async () => {
  [ours, strangers] = await Promise.all([newPair(), newPair()]);
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, issuer);
    if (pathname === '/keys') keysAsked += 1;
    const answers: Record<string, unknown> = {
      '/keys': { keys: published },
      '/token': { access_token: 'a', token_type: 'Bearer', id_token: idToken },
      '/.well-known/openid-configuration': {
        issuer,
        jwks_uri: `${issuer}/keys`,
        token_endpoint: `${issuer}/token`,
        authorization_endpoint: `${issuer}/authorize`,
        id_token_signing_alg_values_supported: algorithms,
      },
    };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers[pathname]));
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
  nowMs = NOW_MS;
  jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
  published = [await publish('k1', ours!)];
  algorithms = ['RS256'];
  keysAsked = 0;
  provider = createProvider({
    profile: profile({ issuer }),
    clientId: CLIENT_ID,
    clientSecret: { read: async () => CLIENT_SECRET, refresh: async () => CLIENT_SECRET },
    scopes: ['openid'],
    groupsFrom: 'claims',
    signOut: 'openid',
    portalUrl: 'https://portal.example.com',
    now: () => nowMs,
    log: createLog({ write: () => undefined, now: () => nowMs }),
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

const publish = async (kid: string, { publicKey }: Pair) => ({ ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' });
const good = (): JWTPayload => ({ iss: issuer, aud: CLIENT_ID, sub: '1', iat: NOW_S, exp: NOW_S + 300, nonce: CHECKS.nonce });
const signed = (changes: JWTPayload, kid = 'k1', pair = ours!) =>
  new SignJWT({ ...good(), ...changes }).setProtectedHeader({ alg: 'RS256', kid }).sign(pair.privateKey);
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const redeem = async (token: string) => {
  idToken = token;
  try {
    return (await provider.redeem(new URLSearchParams({ code: 'c', state: CHECKS.state }), CHECKS)).claims.sub;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('an ID token is taken', () => {
  test.each<[string, JWTPayload]>([
    ['that is as it should be', {}],
    ['within the tolerance for clocks', { exp: NOW_S - 59 }],
    ['for several, given to us', { aud: ['other', CLIENT_ID], azp: CLIENT_ID }],
  ])('%s', async (_, changes) => {
    expect(await redeem(await signed(changes))).toBe('1');
  });

  test('with a key that is new at the provider; known keys are kept', async () => {
    await redeem(await signed({}));
    await redeem(await signed({}));
    const whileKnown = keysAsked;
    published = [await publish('k2', strangers!)];
    nowMs += 61_000;

    expect(await redeem(await signed({}, 'k2', strangers!))).toBe('1');
    expect([whileKnown, keysAsked]).toEqual([1, 2]);
  });
});

describe('an ID token is refused', () => {
  test.each<[string, JWTPayload]>([
    ['of another issuer', { iss: 'https://login.example.org' }],
    ['for another client', { aud: 'other' }],
    ['for nobody', { aud: undefined }],
    ['for several, given to another', { aud: [CLIENT_ID, 'other'], azp: 'other' }],
    ['for several, given to nobody in particular', { aud: [CLIENT_ID, 'other'] }],
    ['for us, given to another', { azp: 'other' }],
    ['that has expired', { exp: NOW_S - 61 }],
    ['that never expires', { exp: undefined }],
    ['that is not good yet', { nbf: NOW_S + 61 }],
    ['without a time', { iat: undefined }],
    ['of another sign-in', { nonce: 'm'.repeat(43) }],
    ['of no sign-in', { nonce: undefined }],
    ['of nobody', { sub: undefined }],
  ])('%s', async (_, changes) => {
    expect(await redeem(await signed(changes))).toBe('ERR_IDENTITY_REFUSED');
  });

  test('that a stranger signed, under a known name, a new one or none', async () => {
    const unnamed = new SignJWT(good()).setProtectedHeader({ alg: 'RS256' }).sign(strangers!.privateKey);

    for (const token of [signed({}, 'k1', strangers!), signed({}, 'k9', strangers!), unnamed]) {
      expect(await redeem(await token)).toBe('ERR_IDENTITY_REFUSED');
    }
  });

  test.each([[['RS256']], [['RS256', 'none', 'HS256']]])(
    'unsigned or signed with a shared secret, though the provider supports %j',
    async (supported) => {
      algorithms = supported;
      const unsigned = `${part({ alg: 'none' })}.${part(good())}.`;
      const body = `${part({ alg: 'HS256', kid: 'k1' })}.${part(good())}`;
      const mac = (secret: string) => `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;

      for (const token of [unsigned, mac(CLIENT_SECRET), mac(await exportSPKI(ours!.publicKey))]) {
        expect(await redeem(token)).toBe('ERR_IDENTITY_REFUSED');
      }
    },
  );
});
