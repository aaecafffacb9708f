import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';
import { createLog } from '../../protocol/log.ts';
import type { Connector, JsonWebKey } from '../stores/records.ts';
import { createAuthorizeDial } from './authorize-dial.ts';

const NOW = 1_700_000_000_000;
const S = NOW / 1000;
const ARN = 'arn:aws:execute-api:eu-central-1:1:api/live/$connect';
const JTI = 'f3e1c0de-0000-4000-8000-000000000001';
const AUDIENCE = 'sallyport:contoso:tunnel';

let keys: { publicKey: CryptoKey; privateKey: CryptoKey };
let connector: Connector;

beforeAll(async () => {
  keys = await generateKeyPair('ES256', { extractable: true });
  const signingKey = (await exportJWK(keys.publicKey)) as JsonWebKey;
  connector = { id: 'k1', name: 'hall', group: 'office', signingKey, sealingKey: signingKey, enrolledAt: 0, version: '1', seenAt: 0 };
});

const claims = (id = 'k1'): JWTPayload => ({ iss: id, sub: id, aud: AUDIENCE, iat: S, exp: S + 60, jti: JTI });
const sign = (payload: JWTPayload, header: Record<string, unknown> = {}, key: CryptoKey | Uint8Array = keys.privateKey) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'k1', ...header }).sign(key);

const dial = async (authorization: string | undefined, find?: (id: string) => Promise<Connector | null>) => {
  const lines: string[] = [];
  const authorize = createAuthorizeDial({
    registry: { findConnector: find ?? (async (id) => (id === 'k1' ? connector : null)) },
    audience: AUDIENCE,
    now: () => NOW,
    log: createLog({ write: (line) => lines.push(line), now: () => NOW }),
  });
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const answer = await authorize({ methodArn: ARN, headers }).catch((error: Error) => error);
  return { answer, codes: lines.map((line) => JSON.parse(line).code), log: lines.join('\n') };
};

describe('the authorizer', () => {
  test('lets an enrolled connector open this one route and says who it is', async () => {
    const { answer } = await dial(`Bearer ${await sign(claims())}`);

    expect(answer).toEqual({
      principalId: 'k1',
      policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: ARN }] },
      context: { connector: 'k1', group: 'office', dial: JTI, dialExpiresAt: String(NOW + 120_000) },
    });
  });

  test.each([
    ['60 s behind', -60],
    ['60 s ahead', 60],
  ])('accepts a clock that is %s', async (_, seconds) => {
    const { answer } = await dial(`Bearer ${await sign({ ...claims(), iat: S + seconds, exp: S + seconds + 60 })}`);

    expect(answer).toMatchObject({ principalId: 'k1' });
  });

  test.each([
    ['an hour behind', -3600, '-60 minutes'],
    ['an hour ahead', 3600, '60 minutes'],
  ])('says of a clock %s that only the time is wrong', async (_, seconds, told) => {
    const { answer, codes, log } = await dial(`Bearer ${await sign({ ...claims(), iat: S + seconds, exp: S + seconds + 60 })}`);

    expect(answer).toEqual(new Error('Unauthorized'));
    expect(codes).toEqual(['ERR_CONNECTOR_CLOCK']);
    expect(log).toContain(told);
  });

  test('denies a connector that is not enrolled, or no longer', async () => {
    const { answer, codes } = await dial(`Bearer ${await sign(claims('k2'), { kid: 'k2' })}`);

    expect(answer).toMatchObject({ policyDocument: { Statement: [{ Effect: 'Deny', Resource: ARN }] } });
    expect(answer).not.toHaveProperty('context');
    expect(codes).toEqual(['ERR_CONNECTOR_UNKNOWN']);
  });

  test('fails, and lets nobody in, while the registry cannot be read', async () => {
    const down = async () => {
      throw new SallyportError('ERR_STORE_UNAVAILABLE');
    };

    const { answer, codes } = await dial(`Bearer ${await sign(claims())}`, down);

    expect(answer).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    expect(codes).toEqual(['ERR_STORE_UNAVAILABLE']);
  });

  const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const forgeries: Record<string, () => Promise<string | undefined>> = {
    'no header': async () => undefined,
    'another scheme': async () => `Basic ${await sign(claims())}`,
    'no JWT': async () => 'Bearer abc',
    'a header that is no JSON': async () => `Bearer ${Buffer.from('nonsense').toString('base64url')}.e30.AA`,
    'no key id': async () => `Bearer ${await sign(claims(), { kid: undefined })}`,
    'a key id that is no id': async () => `Bearer ${await sign(claims(), { kid: '../k1' })}`,
    'algorithm none': async () => `Bearer ${base64({ alg: 'none', kid: 'k1' })}.${base64(claims())}.AA`,
    'an HMAC keyed with the public key': async () =>
      `Bearer ${await sign(claims(), { alg: 'HS256' }, new TextEncoder().encode(JSON.stringify(connector.signingKey)))}`,
    'another key': async () => `Bearer ${await sign(claims(), {}, (await generateKeyPair('ES256')).privateKey)}`,
    'a key that it brings along': async () => {
      const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
      return `Bearer ${await sign(claims(), { jwk: await exportJWK(publicKey), jku: 'https://evil.example/keys' }, privateKey)}`;
    },
    'another algorithm': async () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      return `Bearer ${await sign(claims(), { alg: 'RS256' }, privateKey as unknown as CryptoKey)}`;
    },
    'another audience, as that of another deployment (ALBeast)': async () =>
      `Bearer ${await sign({ ...claims(), aud: 'sallyport:fabrikam:tunnel' })}`,
    'no audience': async () => `Bearer ${await sign({ ...claims(), aud: undefined })}`,
    'another subject': async () => `Bearer ${await sign({ ...claims(), sub: 'k2' })}`,
    'another issuer': async () => `Bearer ${await sign({ ...claims(), iss: 'k2' })}`,
    'no expiry': async () => `Bearer ${await sign({ ...claims(), exp: undefined })}`,
    'no time of issue': async () => `Bearer ${await sign({ ...claims(), iat: undefined })}`,
    'no id': async () => `Bearer ${await sign({ ...claims(), jti: undefined })}`,
    'an id that could come twice by chance': async () => `Bearer ${await sign({ ...claims(), jti: '1' })}`,
    'an id that is none': async () => `Bearer ${await sign({ ...claims(), jti: `${JTI}#k2` })}`,
    'a lifetime of a day': async () => `Bearer ${await sign({ ...claims(), exp: S + 86_400 })}`,
    'an altered payload': async () => {
      const [header, , signature] = (await sign(claims())).split('.');
      return `Bearer ${header}.${base64({ ...claims(), iat: S + 1 })}.${signature}`;
    },
  };

  test.each(Object.keys(forgeries))('answers 401 to %s, and logs no token', async (name) => {
    const authorization = await forgeries[name]!();

    const { answer, codes, log } = await dial(authorization);

    expect(answer).toEqual(new Error('Unauthorized'));
    expect(codes).toEqual(['ERR_SIGN_IN_REQUIRED']);
    expect(log).not.toContain('eyJ');
  });
});
