import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CompactSign, type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { EnrolmentAnswer } from '../../protocol/enrolment.ts';
import { createLog } from '../../protocol/log.ts';
import type { HttpAnswer, HttpEvent } from '../http-api.ts';
import { digest } from '../keys.ts';
import { type EmulatedTables, startEmulatedTables } from '../stores/emulated-table.ts';
import type { Registry } from '../stores/records.ts';
import { createRegistry } from '../stores/registry.ts';
import { createTable } from '../stores/table.ts';
import { createEnrol } from './enrol.ts';

const NOW = 1_700_000_000_000;
const SECRET = 'a'.repeat(43);

interface Keys {
  readonly signing: CryptoKey;
  readonly signingKey: JWK;
  readonly sealingKey: JWK;
}

const makeKeys = async (): Promise<Keys> => {
  const [signing, sealing] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ECDH-ES')]);
  return { signing: signing.privateKey, signingKey: await exportJWK(signing.publicKey), sealingKey: await exportJWK(sealing.publicKey) };
};

let emulated: EmulatedTables;
let keys: Keys;
let others: Keys;
let clock: number;
let lines: Array<Record<string, unknown>>;
let registry: Registry;

beforeAll(async () => {
  emulated = await startEmulatedTables();
  [keys, others] = await Promise.all([makeKeys(), makeKeys()]);
});
afterAll(() => emulated.close());
beforeEach(async () => {
  clock = NOW;
  lines = [];
  registry = createRegistry({ table: createTable(emulated.client, await emulated.create()), now: () => clock });
  await registry.createEnrolmentCode({ id: digest(SECRET), group: 'berlin', createdAt: NOW, expiresAt: NOW + 3_600_000 });
});

const prove = (claims: Record<string, unknown>, key: CryptoKey = keys.signing, alg = 'ES256') =>
  new CompactSign(new TextEncoder().encode(JSON.stringify(claims))).setProtectedHeader({ alg }).sign(key);

const claims = async (changes: Record<string, unknown> = {}) => ({
  code: digest(SECRET),
  sealingKey: await calculateJwkThumbprint(keys.sealingKey),
  iat: NOW / 1000,
  ...changes,
});

const request = async (changes: Record<string, unknown> = {}) => ({
  code: SECRET,
  name: 'Hall.1',
  version: '0.1.0',
  signingKey: keys.signingKey,
  sealingKey: keys.sealingKey,
  proof: await prove(await claims()),
  ...changes,
});

const event = (body: string): HttpEvent => ({
  rawPath: '/connectors/enrol',
  headers: { 'content-type': 'application/json' },
  body,
  isBase64Encoded: false,
  requestContext: { requestId: 'r-1', http: { method: 'POST', path: '/connectors/enrol', sourceIp: '192.0.2.7' } },
});

const enrol = async (body: unknown): Promise<HttpAnswer> => {
  const log = createLog({ write: (line) => void lines.push(JSON.parse(line)), now: () => clock });
  const serve = createEnrol({ registry, tenant: 'example', tunnelUrl: 'wss://t.example/live', now: () => clock, log });
  return serve(event(typeof body === 'string' ? body : JSON.stringify(body)));
};

const problemOf = ({ statusCode, headers, body }: HttpAnswer) => {
  expect(headers['Content-Type']).toBe('application/problem+json');
  expect(JSON.parse(body)).toMatchObject({ status: statusCode });
  return JSON.parse(body) as { code: string; detail?: string };
};

test('a code and a proof make a connector, which the registry then knows', async () => {
  const answer = await enrol(await request());

  expect(answer.statusCode).toBe(201);
  const enrolled = JSON.parse(answer.body) as EnrolmentAnswer;
  expect(enrolled).toEqual({
    connector: expect.stringMatching(/^hall-1-[0-9a-f]{16}$/),
    tenant: 'example',
    group: 'berlin',
    tunnelUrl: 'wss://t.example/live',
  });
  expect(await registry.findConnector(enrolled.connector)).toMatchObject({
    name: 'Hall.1',
    group: 'berlin',
    version: '0.1.0',
    signingKey: { kty: 'EC', crv: 'P-256', x: keys.signingKey.x, y: keys.signingKey.y },
    enrolledAt: NOW,
  });
  expect(lines).toMatchObject([
    { event: 'enrolment.accepted', level: 'info', connector: enrolled.connector, address: '192.0.2.7', group: 'berlin' },
  ]);
  expect(JSON.stringify(lines)).not.toContain(SECRET);
});

describe('a code is good once', () => {
  test('a used one is refused', async () => {
    await enrol(await request());

    const again = await enrol(await request());

    expect(problemOf(again)).toMatchObject({ code: 'ERR_ENROLMENT_INVALID' });
    expect(lines[1]).toMatchObject({ event: 'enrolment.refused', level: 'warn', code: 'ERR_ENROLMENT_INVALID', address: '192.0.2.7' });
  });

  test('of two that race one is enrolled', async () => {
    const theirs = await prove(await claims({ sealingKey: await calculateJwkThumbprint(others.sealingKey) }), others.signing);
    const other = { signingKey: others.signingKey, sealingKey: others.sealingKey, proof: theirs };

    const answers = await Promise.all([enrol(await request()), enrol(await request(other))]);

    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 400]);
    expect(await registry.connectors()).toHaveLength(1);
  });

  test('an expired one is refused', async () => {
    clock = NOW + 3_600_000;

    const answer = await enrol(await request({ proof: await prove(await claims({ iat: clock / 1000 })) }));

    expect(problemOf(answer)).toMatchObject({ code: 'ERR_ENROLMENT_INVALID' });
  });

  test('unknown, used, expired and unproven are one answer to whoever asks', async () => {
    const unknown = 'b'.repeat(43);
    const bodies = [
      await request({ code: unknown, proof: await prove(await claims({ code: digest(unknown) })) }),
      await request({ proof: await prove(await claims({ code: 'x' })) }),
      await request({ proof: 'x' }),
    ];

    const answers = await Promise.all(bodies.map(enrol));

    const told = answers.map(problemOf).map(({ code, detail }) => ({ code, detail }));
    expect(told).toEqual(Array(3).fill({ code: 'ERR_ENROLMENT_INVALID', detail: undefined }));
  });

  test('a mistake in the request does not use it up', async () => {
    await enrol(await request({ name: 'a b' }));
    await enrol(await request({ proof: await prove(await claims({ iat: NOW / 1000 - 3600 })) }));

    const answer = await enrol(await request());

    expect(answer.statusCode).toBe(201);
  });
});

describe('the proof', () => {
  test.each<[string, () => Promise<string>]>([
    ['by another key', async () => prove(await claims(), others.signing)],
    ['for another code', async () => prove(await claims({ code: digest('c'.repeat(43)) }))],
    ['for another sealing key', async () => prove(await claims({ sealingKey: await calculateJwkThumbprint(others.sealingKey) }))],
    ['without a time', async () => prove(await claims({ iat: undefined }))],
    ['that is no JSON', () => new CompactSign(new TextEncoder().encode('x')).setProtectedHeader({ alg: 'ES256' }).sign(keys.signing)],
    [
      'that is JSON but no object',
      () => new CompactSign(new TextEncoder().encode('null')).setProtectedHeader({ alg: 'ES256' }).sign(keys.signing),
    ],
    ['with algorithm none', async () => `${btoa('{"alg":"none"}').replaceAll('=', '')}.${btoa('{}')}.`],
  ])('%s is refused', async (_case, proof) => {
    const answer = await enrol(await request({ proof: await proof() }));

    expect(problemOf(answer)).toMatchObject({ code: 'ERR_ENROLMENT_INVALID' });
    expect(await registry.takeEnrolmentCode(digest(SECRET))).not.toBeNull();
  });

  test.each([
    [60, 201],
    [-60, 201],
  ])('is accepted %d seconds off', async (off, status) => {
    expect((await enrol(await request({ proof: await prove(await claims({ iat: NOW / 1000 + off })) }))).statusCode).toBe(status);
  });

  test.each([
    [3600, '60 minutes ahead of'],
    [-3600, '60 minutes behind'],
    [61, '61 seconds ahead of'],
  ])('says that the clock is %d seconds off', async (off, told) => {
    const { code, detail } = problemOf(await enrol(await request({ proof: await prove(await claims({ iat: NOW / 1000 + off })) })));

    expect(code).toBe('ERR_CONNECTOR_CLOCK');
    expect(detail).toContain(told);
  });
});

describe('the request', () => {
  test.each<[string, Record<string, unknown>]>([
    ['code', { code: 'short' }],
    ['code', { code: undefined }],
    ['name', { name: '' }],
    ['name', { name: '-x' }],
    ['name', { name: 'x'.repeat(64) }],
    ['name', { name: 'a\nb' }],
    ['version', { version: 'x y' }],
    ['signingKey', { signingKey: { kty: 'EC', crv: 'P-384', x: 'x', y: 'y' } }],
    ['signingKey', { signingKey: { kty: 'oct', k: 'x' } }],
    ['sealingKey', { sealingKey: 'x' }],
    ['sealingKey', { sealingKey: { kty: 'EC', crv: 'P-256', x: 'a'.repeat(43), y: 'b'.repeat(43), d: 'secret' } }],
    ['proof', { proof: 'x'.repeat(3000) }],
  ])('%s %j is refused by name', async (field, change) => {
    const { code, detail } = problemOf(await enrol(await request(change)));

    expect(code).toBe('ERR_REQUEST_INVALID');
    expect(detail).toContain(`Enrolment needs ${field}`);
  });

  test.each(['', 'x', 'null', '[]'])('a body %p is refused', async (body) => {
    expect(problemOf(await enrol(body))).toMatchObject({ code: 'ERR_REQUEST_INVALID' });
  });

  test('a body beyond all need is refused unread', async () => {
    expect(problemOf(await enrol(JSON.stringify({ x: 'x'.repeat(20_000) })))).toMatchObject({ code: 'ERR_BODY_TOO_LARGE' });
  });

  test('a point that is not on the curve is refused', async () => {
    const answer = await enrol(await request({ signingKey: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) } }));

    expect(problemOf(answer)).toMatchObject({ code: 'ERR_ENROLMENT_INVALID' });
  });
});

test('a table that throttles is a fault of ours: the message stays in the log', async () => {
  const failing = createRegistry({ table: createTable(emulated.client, 'no-such-table'), now: () => clock });
  registry = failing;

  const { code, detail } = problemOf(await enrol(await request()));

  expect([code, detail]).toEqual(['ERR_INTERNAL', undefined]);
  expect(lines[0]).toMatchObject({ event: 'enrolment.refused', error: expect.stringContaining('no-such-table') });
});
