import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CompactSign, type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';
import { ATTEMPT_LIMITS } from '../../protocol/limits.ts';
import { createLog } from '../../protocol/log.ts';
import type { HttpEvent } from '../http-api.ts';
import { digest, randomSecret } from '../keys.ts';
import { createSourceLimits } from '../limits/source-limits.ts';
import { type Counters, createCounters } from '../limits/testing/counters.ts';
import { type EmulatedTables, startEmulatedTables } from '../stores/emulated-table.ts';
import type { Registry } from '../stores/records.ts';
import { createRegistry } from '../stores/registry.ts';
import { createTable } from '../stores/table.ts';
import { createEnrol, type EnrolPorts } from './enrol.ts';

const START = 1_700_000_000_000;
const HOUR = 3_600_000;
const TUNNEL = 'wss://abc.execute-api.eu-central-1.amazonaws.com/live';

interface Pair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

let emulated: EmulatedTables;
let registry: Registry;
let signing: Pair;
let sealing: Pair;
let clock: number;
let counters: Counters;
let lines: string[];
let secret: string;

beforeAll(async () => {
  emulated = await startEmulatedTables();
  signing = await generateKeyPair('ES256', { extractable: true });
  sealing = await generateKeyPair('ECDH-ES', { extractable: true });
});
afterAll(() => emulated.close());
beforeEach(async () => {
  clock = START;
  counters = createCounters();
  lines = [];
  registry = createRegistry({ table: createTable(emulated.client, await emulated.create()), now: () => clock });
  secret = randomSecret();
  await registry.createEnrolmentCode({ id: digest(secret), group: 'office', createdAt: START, expiresAt: START + HOUR });
});

const sign = (payload: unknown, key: CryptoKey | Uint8Array = signing.privateKey, alg = 'ES256') =>
  new CompactSign(new TextEncoder().encode(JSON.stringify(payload))).setProtectedHeader({ alg }).sign(key);

const proofOf = async (changes: Record<string, unknown> = {}) =>
  sign({ code: digest(secret), sealingKey: await calculateJwkThumbprint(sealing.publicKey), iat: clock / 1000, ...changes });

const requestOf = async (changes: Record<string, unknown> = {}): Promise<Record<string, unknown>> => ({
  code: secret,
  name: 'hall',
  version: '0.1.0',
  signingKey: await exportJWK(signing.publicKey),
  sealingKey: await exportJWK(sealing.publicKey),
  proof: await proofOf(),
  ...changes,
});

const eventOf = (body: unknown, isBase64Encoded = false): HttpEvent => ({
  rawPath: '/connectors/enrol',
  headers: {},
  body: typeof body === 'string' ? body : JSON.stringify(body),
  isBase64Encoded,
  requestContext: { requestId: 'r1', http: { method: 'POST', path: '/connectors/enrol', sourceIp: '192.0.2.7' } },
});

const send = async (event: HttpEvent, ports: Partial<EnrolPorts> = {}) => {
  const enrol = createEnrol({
    registry,
    limits: createSourceLimits({ count: counters.count, now: () => clock }),
    tenant: 'contoso',
    tunnelUrl: TUNNEL,
    now: () => clock,
    log: createLog({ write: (line) => lines.push(line), now: () => clock }),
    ...ports,
  });
  const { statusCode, headers, body } = await enrol(event);
  return { status: statusCode, headers, answer: JSON.parse(body) };
};

test('refused attempts of one source get 429 beyond the limit; a good code is taken all the while, and uncounted', async () => {
  counters.beginAt = ATTEMPT_LIMITS.enrolment - 1;
  const wrong = async () => (await send(eventOf(await requestOf({ code: randomSecret() })))).status;

  expect([await wrong(), await wrong()]).toEqual([400, 429]);
  const counted = new Map(counters.counted);

  expect((await send(eventOf(await requestOf()))).status).toBe(201);
  expect(counters.counted).toEqual(counted);
});

const isUnspent = async () => (await registry.takeEnrolmentCode(digest(secret))) !== null;

describe('a code with two keys and their proof', () => {
  test('becomes a connector of the code’s group', async () => {
    const { status, headers, answer } = await send(eventOf(await requestOf()));

    const [connector] = await registry.connectors();
    expect(status).toBe(201);
    expect(headers).toMatchObject({ 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    expect(answer).toEqual({ connector: connector?.id, tenant: 'contoso', group: 'office', tunnelUrl: TUNNEL });
    expect(connector).toMatchObject({ name: 'hall', group: 'office', version: '0.1.0', enrolledAt: START, seenAt: START });
    expect(connector?.signingKey).toEqual(await exportJWK(signing.publicKey));
    expect(connector?.sealingKey).toEqual(await exportJWK(sealing.publicKey));
  });

  test('gets an id that names it and fits wherever ids go', async () => {
    const { answer } = await send(eventOf(await requestOf({ name: 'Hall.Corp.example' })));

    expect(answer.connector).toMatch(/^hall-corp-example-[0-9a-f]{16}$/);
  });

  test('comes in base64 as well, as API Gateway may pass it', async () => {
    const body = Buffer.from(JSON.stringify(await requestOf())).toString('base64');

    expect((await send(eventOf(body, true))).status).toBe(201);
  });

  test('is noted in the log with who and where from, never with the code', async () => {
    await send(eventOf(await requestOf()));

    expect(JSON.parse(lines[0]!)).toMatchObject({ event: 'enrolment.accepted', requestId: 'r1', address: '192.0.2.7', group: 'office' });
    expect(lines.join('\n')).not.toContain(secret);
  });

  test.each([
    ['60 s behind', -60],
    ['60 s ahead', 60],
  ])('is good with a clock %s', async (_, seconds) => {
    const proof = await proofOf({ iat: START / 1000 + seconds });

    expect((await send(eventOf(await requestOf({ proof })))).status).toBe(201);
  });
});

describe('a code is spent once', () => {
  test('even when two callers race for it with keys of their own', async () => {
    const rival = await generateKeyPair('ES256', { extractable: true });
    const signingKey = await exportJWK(rival.publicKey);
    const thumbprint = await calculateJwkThumbprint(sealing.publicKey);
    const proof = await sign({ code: digest(secret), sealingKey: thumbprint, iat: START / 1000 }, rival.privateKey);

    const answers = await Promise.all([send(eventOf(await requestOf())), send(eventOf(await requestOf({ signingKey, proof })))]);

    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400]);
    expect(answers.find(({ status }) => status === 400)?.answer.code).toBe('ERR_ENROLMENT_INVALID');
    expect(await registry.connectors()).toHaveLength(1);
  });

  test('and unknown, used and expired ones look the same from outside', async () => {
    await send(eventOf(await requestOf()));
    const used = await send(eventOf(await requestOf()));
    secret = randomSecret();
    const unknown = await send(eventOf(await requestOf()));
    await registry.createEnrolmentCode({ id: digest(secret), group: 'office', createdAt: START, expiresAt: START + HOUR });
    clock = START + HOUR;
    const expired = await send(eventOf(await requestOf()));

    const told = [used, unknown, expired].map(({ status, answer: { time: _time, ...answer } }) => ({ status, answer }));
    expect(told[0]).toMatchObject({ status: 400, answer: { code: 'ERR_ENROLMENT_INVALID' } });
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toEqual(told[0]);
    expect(await registry.connectors()).toHaveLength(1);
  });

  test('and is gone when the registry fails after it was taken; the answer says no more than that', async () => {
    const broken = {
      takeEnrolmentCode: registry.takeEnrolmentCode,
      addConnector: async () => {
        throw new SallyportError('ERR_STORE_UNAVAILABLE', 'Table contoso-registry refused an operation.');
      },
    };

    const { status, answer } = await send(eventOf(await requestOf()), { registry: broken });

    expect([status, answer.code, answer.detail]).toEqual([503, 'ERR_STORE_UNAVAILABLE', undefined]);
    expect(await isUnspent()).toBe(false);
  });
});

describe('a proof that does not hold leaves the code unspent', () => {
  const offCurve = Buffer.alloc(32, 1).toString('base64url');
  const forgeries: Record<string, () => Promise<Record<string, unknown>>> = {
    'signed by another key': async () => ({
      proof: await sign(
        { code: digest(secret), sealingKey: await calculateJwkThumbprint(sealing.publicKey), iat: START / 1000 },
        (await generateKeyPair('ES256')).privateKey,
      ),
    }),
    'of another code': async () => ({ proof: await proofOf({ code: digest('other') }) }),
    'of the code itself instead of its digest': async () => ({ proof: await proofOf({ code: secret }) }),
    'of another sealing key': async () => ({
      sealingKey: await exportJWK((await generateKeyPair('ECDH-ES', { extractable: true })).publicKey),
    }),
    'without a time': async () => ({ proof: await proofOf({ iat: undefined }) }),
    'with a time that is no number': async () => ({ proof: await proofOf({ iat: String(START / 1000) }) }),
    'by HMAC with the public key': async () => {
      const claims = { code: digest(secret), sealingKey: await calculateJwkThumbprint(sealing.publicKey), iat: START / 1000 };
      return { proof: await sign(claims, new TextEncoder().encode(JSON.stringify(await exportJWK(signing.publicKey))), 'HS256') };
    },
    'by no algorithm': async () => {
      const [, payload] = (await proofOf()).split('.');
      return { proof: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.` };
    },
    'with an altered payload': async () => {
      const [header, , signature] = (await proofOf()).split('.');
      return { proof: `${header}.${Buffer.from('{"code":"x"}').toString('base64url')}.${signature}` };
    },
    'that is no JWS': async () => ({ proof: 'abc' }),
    'over JSON that is no object': async () => ({ proof: await sign(null) }),
    'by a signing key off the curve': async () => ({ signingKey: { kty: 'EC', crv: 'P-256', x: offCurve, y: offCurve } }),
    'for a sealing key off the curve': async () => {
      const sealingKey = { kty: 'EC', crv: 'P-256', x: offCurve, y: offCurve };
      return { sealingKey, proof: await proofOf({ sealingKey: await calculateJwkThumbprint(sealingKey) }) };
    },
  };

  test.each(Object.keys(forgeries))('%s', async (name) => {
    const { status, answer } = await send(eventOf(await requestOf(await forgeries[name]!())));

    expect([status, answer.code, answer.detail]).toEqual([400, 'ERR_ENROLMENT_INVALID', undefined]);
    expect(await registry.connectors()).toEqual([]);
    expect(await isUnspent()).toBe(true);
    expect(lines.join('\n')).not.toContain(secret);
  });

  test.each([
    ['an hour behind', -3600, '60 minutes behind'],
    ['90 s ahead', 90, '90 seconds ahead'],
  ])('made by a clock %s, which is told by how much', async (_, seconds, told) => {
    const proof = await proofOf({ iat: START / 1000 + seconds });

    const { status, answer } = await send(eventOf(await requestOf({ proof })));

    expect([status, answer.code]).toEqual([401, 'ERR_CONNECTOR_CLOCK']);
    expect(answer.detail).toContain(told);
    expect(await isUnspent()).toBe(true);
  });
});

describe('a request of another shape is refused before anything is looked up', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  const shapes: Record<string, (request: Record<string, unknown>) => unknown> = {
    'no code': ({ code: _code, ...rest }) => rest,
    'a code that is a whole URL': (request) => ({ ...request, code: `https://portal.example.com/connectors/enrol#${secret}` }),
    'no proof': ({ proof: _proof, ...rest }) => rest,
    'a proof without end': (request) => ({ ...request, proof: 'a'.repeat(4000) }),
    'no name': ({ name: _name, ...rest }) => rest,
    'a name with markup': (request) => ({ ...request, name: '<script>' }),
    'a name with a line break': (request) => ({ ...request, name: 'hall\n{"level":"info"}' }),
    'a name of 64 characters': (request) => ({ ...request, name: 'a'.repeat(64) }),
    'no version': ({ version: _version, ...rest }) => rest,
    'an RSA key': (request) => ({ ...request, signingKey: rsa }),
    'another curve': (request) => ({ ...request, signingKey: { ...(request.signingKey as JWK), crv: 'P-384' } }),
    'a symmetric key': (request) => ({ ...request, sealingKey: { kty: 'oct', k: 'AAAA' } }),
    'a short coordinate': (request) => ({ ...request, sealingKey: { ...(request.sealingKey as JWK), x: 'AAAA' } }),
    'a list': (request) => [request],
    nothing: () => null,
  };

  test.each(Object.keys(shapes))('%s', async (name) => {
    const { status, answer, headers } = await send(eventOf(shapes[name]!(await requestOf())));

    expect([status, answer.code]).toEqual([400, 'ERR_REQUEST_INVALID']);
    expect(headers['Content-Type']).toBe('application/problem+json');
    expect(await isUnspent()).toBe(true);
  });

  test.each(['signingKey', 'sealingKey'])('a private %s: it is no secret any more', async (name) => {
    const { privateKey } = name === 'signingKey' ? signing : sealing;
    const leaked = await exportJWK(privateKey);

    const { status, answer } = await send(eventOf(await requestOf({ [name]: leaked })));

    expect([status, answer.code]).toEqual([400, 'ERR_REQUEST_INVALID']);
    expect(answer.detail).toContain('make new keys');
    expect(`${lines.join('\n')}${JSON.stringify(answer)}`).not.toContain(String(leaked.d));
    expect(await registry.connectors()).toEqual([]);
  });

  test('a body above 16 KB', async () => {
    const { status, answer } = await send(eventOf(await requestOf({ padding: 'a'.repeat(16 * 1024) })));

    expect([status, answer.code]).toEqual([413, 'ERR_BODY_TOO_LARGE']);
    expect(await isUnspent()).toBe(true);
  });

  test('text that is no JSON, of which no part reaches log or answer', async () => {
    const { status, answer } = await send(eventOf(`${secret}`));

    expect([status, answer.code]).toEqual([400, 'ERR_REQUEST_INVALID']);
    expect(`${lines.join('\n')}${JSON.stringify(answer)}`).not.toContain(secret.slice(0, 6));
  });
});
