import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type CryptoKey, compactDecrypt, exportJWK, generateKeyPair } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';
import { CLIENT_FRAME_MAX_BYTES } from '../../protocol/limits.ts';
import { createLog } from '../../protocol/log.ts';
import type { WelcomeSecrets } from '../../protocol/tunnel-messages.ts';
import { frameSecret } from '../keys.ts';
import { type EmulatedTables, startEmulatedTables } from '../stores/emulated-table.ts';
import type { Application, JsonWebKey, Registry } from '../stores/records.ts';
import { createRegistry } from '../stores/registry.ts';
import { createTable } from '../stores/table.ts';
import { createServeTunnel, type TunnelPorts } from './serve-tunnel.ts';

const START = 1_700_000_000_000;
const credentials = { accessKeyId: 'ASIA1', secretAccessKey: 'top-secret', sessionToken: 't'.repeat(900), expiresAt: START + 3_600_000 };
const application = (name: string, connectorGroup = 'office') =>
  ({
    id: name.toLowerCase(),
    name,
    connectorGroup,
    internalUrl: `http://${name}.corp/`,
    segments: [] as const,
    alternateHost: null,
    singleSignOn: { method: 'none', headers: {} },
  }) as Partial<Application> as Application;

let emulated: EmulatedTables;
let registry: Registry;
let privateKey: CryptoKey;
let clock: number;
let lines: string[];

beforeAll(async () => {
  emulated = await startEmulatedTables();
});
afterAll(() => emulated.close());
beforeEach(async () => {
  clock = START;
  lines = [];
  registry = createRegistry({ table: createTable(emulated.client, await emulated.create()), now: () => clock });
  const keys = await generateKeyPair('ECDH-ES', { extractable: true });
  privateKey = keys.privateKey;
  const sealingKey = (await exportJWK(keys.publicKey)) as JsonWebKey;
  await registry.addConnector({
    id: 'k1',
    name: 'hall',
    group: 'office',
    signingKey: sealingKey,
    sealingKey,
    enrolledAt: START,
    version: '0.0.1',
    seenAt: START,
  });
});

const VOUCHED = { connector: 'k1', group: 'office', dial: 'f3e1c0de-0000-4000-8000-000000000001', dialExpiresAt: String(START + 60_000) };

const serve = (routeKey: string, body?: string, { authorizer, headers, ...ports }: Overrides = {}) =>
  createServeTunnel({
    registry,
    directory: { applications: async () => [application('wiki'), application('plant', 'factory')] },
    masterKey: async () => 'master',
    replyCredentials: async () => credentials,
    replyEndpoint: 'https://reply.example.com/live',
    region: 'eu-central-1',
    now: () => clock,
    log: createLog({ write: (line) => lines.push(line), now: () => clock }),
    ...ports,
  })({
    requestContext: {
      routeKey,
      connectionId: 'abc=',
      connectedAt: START - 1000,
      authorizer: authorizer === undefined ? VOUCHED : (authorizer ?? undefined),
    },
    headers,
    body,
  });

type Overrides = Partial<TunnelPorts> & {
  readonly authorizer?: Record<string, string> | null;
  readonly headers?: Record<string, string>;
};

const say = async (message: Record<string, unknown>, overrides?: Overrides) => {
  const { statusCode, body } = await serve(String(message.type), JSON.stringify(message), overrides);
  expect(statusCode).toBe(200);
  return JSON.parse(body ?? '') as Record<string, unknown>;
};

const unsealed = async (sealed: unknown): Promise<WelcomeSecrets> => {
  const { plaintext, protectedHeader } = await compactDecrypt(String(sealed), privateKey);
  expect(protectedHeader).toMatchObject({ alg: 'ECDH-ES', enc: 'A256GCM' });
  return JSON.parse(new TextDecoder().decode(plaintext));
};

describe('$connect', () => {
  test('agrees on the version, whatever else is offered beside it', async () => {
    const answer = await serve('$connect', undefined, { headers: { 'sec-websocket-protocol': 'sallyport.v2, sallyport.v1' } });

    expect(answer).toEqual({ statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'sallyport.v1' } });
  });

  test.each([[{}], [{ 'Sec-WebSocket-Protocol': 'sallyport.v10' }]])('refuses any other version: %j', async (headers) => {
    const { statusCode, body } = await serve('$connect', undefined, { headers });

    expect(statusCode).toBe(400);
    expect(JSON.parse(body ?? '')).toMatchObject({
      code: 'ERR_PROTOCOL_VERSION',
      message: expect.stringContaining('update the connector'),
    });
  });

  const headers = { 'Sec-WebSocket-Protocol': 'sallyport.v1' };

  test('refuses a dial that was made before', async () => {
    await serve('$connect', undefined, { headers });

    const { statusCode, body } = await serve('$connect', undefined, { headers });

    expect([statusCode, JSON.parse(body ?? '').code]).toEqual([409, 'ERR_DIAL_REPLAYED']);
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['tunnel.connect', 'tunnel.connect-refused']);
  });

  test('lets nobody in while it cannot be known whether the dial was made before', async () => {
    const takeDial = async () => {
      throw new SallyportError('ERR_STORE_UNAVAILABLE', 'Table secret-name throttles.');
    };

    const { statusCode, body } = await serve('$connect', undefined, { headers, registry: { ...registry, takeDial } });

    expect([statusCode, body]).toEqual([503, expect.not.stringContaining('secret-name')]);
  });

  test('lets nobody in of whose dial the authorizer says nothing', async () => {
    const { statusCode } = await serve('$connect', undefined, { headers, authorizer: { connector: 'k1', group: 'office' } });

    expect(statusCode).toBe(500);
  });

  test('refuses a connection that no authorizer vouched for', async () => {
    expect(await serve('$connect', undefined, { headers, authorizer: null })).toEqual({ statusCode: 401 });
  });
});

describe('hello', () => {
  test('of a connector that knows a key for each direction is noted for the routers; heartbeats leave that as it is', async () => {
    await say({ type: 'hello', version: '0.1.0', keysApart: true });
    await say({ type: 'heartbeat' });

    expect(await registry.tunnels('office')).toMatchObject([{ connectionId: 'abc=', keysApart: true }]);
  });

  test('is answered with the sealed secrets of this connector, and puts the tunnel into the registry', async () => {
    const answer = await say({ type: 'hello', version: '0.1.0', connector: 'k9', group: 'factory' });

    expect(answer).toEqual({ type: 'welcome', now: START, connectionId: 'abc=', sealed: expect.any(String) });
    expect(await unsealed(answer.sealed)).toEqual({
      connector: 'k1',
      group: 'office',
      frameKey: Buffer.from(frameSecret('master', 'k1')).toString('base64url'),
      keysApart: true,
      replyEndpoint: 'https://reply.example.com/live',
      region: 'eu-central-1',
      credentials,
      applications: [{ name: 'wiki', internalUrl: 'http://wiki.corp/' }],
    });
    expect(await registry.tunnels('office')).toEqual([
      {
        connectionId: 'abc=',
        connector: 'k1',
        group: 'office',
        openedAt: START - 1000,
        seenAt: START,
        expiresAt: START - 1000 + 7_200_000,
        draining: false,
      },
    ]);
    expect(await registry.findConnector('k1')).toMatchObject({ version: '0.1.0', seenAt: START });
    expect(lines.join()).not.toMatch(/top-secret|master/);
  });

  test('names no more applications than fit one WebSocket frame', async () => {
    const many = Array.from({ length: 2000 }, (_, index) => application(`ü-application-${index}`));

    const { body } = await serve('hello', '{"type":"hello","version":"1"}', { directory: { applications: async () => many } });

    const { applications } = await unsealed(JSON.parse(body ?? '').sealed);
    expect(Buffer.byteLength(body ?? '')).toBeLessThanOrEqual(CLIENT_FRAME_MAX_BYTES);
    expect(applications.length).toBeGreaterThan(200);
    expect(applications.length).toBeLessThan(2000);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      applications: applications.length,
      applicationsLeftOut: 2000 - applications.length,
    });
  });

  test('names every internal URL of an application, each once', async () => {
    const hr = { ...application('HR'), segments: [{ host: 'x', path: '/', internalUrl: 'http://static.corp/' }], alternateHost: 'people' };

    const { body } = await serve('hello', '{"type":"hello","version":"1"}', { directory: { applications: async () => [hr] } });

    const { applications } = await unsealed(JSON.parse(body ?? '').sealed);
    expect(applications).toEqual([
      { name: 'HR', internalUrl: hr.internalUrl },
      { name: 'HR', internalUrl: 'http://static.corp/' },
    ]);
  });

  test('tells the service principal name of an application with Kerberos, once', async () => {
    const hr: Application = {
      ...application('HR'),
      segments: [{ host: 'x', path: '/', internalUrl: 'http://static.corp/' }],
      singleSignOn: {
        method: 'kerberos',
        headers: {},
        servicePrincipalName: 'HTTP/hr.corp',
        identity: '{username}',
        sendOn: 'request',
        mutualAuthentication: 'checked',
      },
    };

    const { body } = await serve('hello', '{"type":"hello","version":"1"}', { directory: { applications: async () => [hr] } });

    const { applications } = await unsealed(JSON.parse(body ?? '').sealed);
    expect(applications).toEqual([
      { name: 'HR', internalUrl: hr.internalUrl, kerberos: { id: hr.id, service: 'HTTP/hr.corp' } },
      { name: 'HR', internalUrl: 'http://static.corp/' },
    ]);
  });

  test('of a removed connector is refused, and its tunnel forgotten', async () => {
    await say({ type: 'hello', version: '1' });
    await registry.removeConnector({ id: 'k1', group: 'office' });

    const answer = await say({ type: 'hello', version: '1' });

    expect(answer).toMatchObject({ type: 'refused', code: 'ERR_CONNECTOR_UNKNOWN' });
    expect(await registry.tunnels('office')).toEqual([]);
  });

  test('is refused without telling why inside, while credentials cannot be had, and no tunnel is saved', async () => {
    const replyCredentials = async () => {
      throw new SallyportError('ERR_STORE_UNAVAILABLE', 'Role arn:secret gave no credentials');
    };

    const answer = await say({ type: 'hello', version: '1' }, { replyCredentials });

    expect(answer).toEqual({ type: 'refused', code: 'ERR_STORE_UNAVAILABLE', message: expect.not.stringContaining('arn:') });
    expect(await registry.tunnels('office')).toEqual([]);
    expect(lines.join()).toContain('arn:secret');
  });
});

describe('heartbeat and drain', () => {
  test('keep the tunnel fresh, and bring back one that a router forgot', async () => {
    await say({ type: 'hello', version: '0.1.0' });
    await registry.removeTunnel({ group: 'office', connector: 'k1', connectionId: 'abc=' });
    clock = START + 60_000;

    const answer = await say({ type: 'heartbeat' });

    expect(answer).toEqual({ type: 'alive', now: START + 60_000 });
    expect(await registry.tunnels('office')).toMatchObject([{ connectionId: 'abc=', openedAt: START - 1000, seenAt: START + 60_000 }]);
    expect(await registry.findConnector('k1')).toMatchObject({ version: '0.1.0', seenAt: START + 60_000 });
  });

  test('keep what the connector tells of origins, until it tells anew or is removed', async () => {
    await say({ type: 'hello', version: '0.1.0' });
    const reached = { origin: 'http://wiki.corp', at: START, probed: true };
    const failed = { origin: 'https://hr.corp:8443', at: START, code: 'ERR_ORIGIN_CERTIFICATE', unverified: true };

    await say({ type: 'heartbeat', origins: [{ ...reached, newer: 1 }, failed] });
    await say({ type: 'heartbeat' });
    const kept = await registry.reports('office');
    await say({ type: 'heartbeat', origins: [reached] });
    const then = await registry.reports('office');
    await registry.removeConnector({ id: 'k1', group: 'office' });

    expect(kept).toEqual([{ connector: 'k1', origins: [reached, failed] }]);
    expect(then).toEqual([{ connector: 'k1', origins: [reached] }]);
    expect(await registry.reports('office')).toEqual([]);
    expect(await registry.reports('factory')).toEqual([]);
  });

  test.each([
    ['origins that are no list', '{}'],
    ['an origin that is none', '[{"origin":"javascript:1","at":1}]'],
    ['a report without a time', '[{"origin":"http://a"}]'],
    ['a code that is none', '[{"origin":"http://a","at":1,"code":"\\u001b[31m"}]'],
    ['too many reports', JSON.stringify(Array(251).fill({ origin: 'http://a', at: 1 }))],
    ['a time that is no whole number', '[{"origin":"http://a","at":1.5}]'],
  ])('keep the tunnel fresh whatever is told of origins, and log it: %s', async (_, origins) => {
    await say({ type: 'hello', version: '0.1.0' });

    const answer = await say({ type: 'heartbeat', origins: JSON.parse(origins) });

    expect(answer.type).toBe('alive');
    expect(await registry.reports('office')).toEqual([]);
    expect(lines.map((line) => JSON.parse(line).event)).toContain('tunnel.origins-unreadable');
  });

  test('are refused to a removed connector', async () => {
    await registry.removeConnector({ id: 'k1', group: 'office' });

    expect(await say({ type: 'heartbeat' })).toMatchObject({ type: 'refused', code: 'ERR_CONNECTOR_UNKNOWN' });
    expect(await registry.tunnels('office')).toEqual([]);
  });

  test('mark the tunnel as taking nothing new', async () => {
    await say({ type: 'hello', version: '0.1.0' });

    const answer = await say({ type: 'drain' });

    expect(answer).toEqual({ type: 'drained', others: false });
    expect(await registry.tunnels('office')).toMatchObject([{ draining: true }]);
  });

  test.each([
    ['another connector takes exchanges', {}, true],
    ['another connector drains too', { draining: true }, false],
    ['another connector has not been seen for long', { seenAt: START - 200_000 }, false],
    ['a process of the same connector has been started beside it', { connector: 'k1' }, true],
  ])('tell whether another tunnel is left: %s', async (_, change, others) => {
    const tunnel = {
      connectionId: 'def=',
      connector: 'k2',
      group: 'office',
      openedAt: START,
      seenAt: START,
      expiresAt: START + 1,
      draining: false,
    };
    await say({ type: 'hello', version: '0.1.0' });
    await registry.addConnector({ ...(await registry.findConnector('k1'))!, id: 'k2' });
    await registry.saveTunnel({ ...tunnel, ...change }, '0.1.0');

    const answer = await say({ type: 'drain' });

    expect(answer).toEqual({ type: 'drained', others });
  });

  test('say that there may be one when the registry does not', async () => {
    const tunnels = async () => {
      throw new SallyportError('ERR_STORE_UNAVAILABLE');
    };
    await say({ type: 'hello', version: '0.1.0' });

    const answer = await say({ type: 'drain' }, { registry: { ...registry, tunnels } });

    expect(answer).toEqual({ type: 'drained', others: true });
  });
});

describe('$disconnect', () => {
  test('removes the tunnel of that connection only', async () => {
    const other = {
      connectionId: 'def=',
      connector: 'k1',
      group: 'office',
      openedAt: START,
      seenAt: START,
      expiresAt: START + 1,
      draining: false,
    };
    await say({ type: 'hello', version: '0.1.0' });
    await registry.saveTunnel(other, '0.1.0');

    const answer = await serve('$disconnect');

    expect(answer).toEqual({ statusCode: 200 });
    expect(await registry.tunnels('office')).toEqual([other]);
  });

  test('is no failure when the registry is away', async () => {
    const away = async () => {
      throw new SallyportError('ERR_STORE_UNAVAILABLE');
    };

    const answer = await serve('$disconnect', undefined, { registry: { ...registry, removeTunnel: away } });

    expect(answer).toEqual({ statusCode: 200 });
    expect(lines.join()).toContain('ERR_STORE_UNAVAILABLE');
  });
});

describe('a message that cannot be read', () => {
  test.each([
    ['no body', 'hello', undefined],
    ['no JSON', 'hello', '{'],
    ['no object', 'hello', '["hello"]'],
    ['null', 'hello', 'null'],
    ['another type than its route', 'hello', '{"type":"drain"}'],
    ['an unknown type', 'probe', '{"type":"probe"}'],
    ['a hello without version', 'hello', '{"type":"hello"}'],
    ['a version that is no name', 'hello', '{"type":"hello","version":"1\\n2"}'],
    ['more than 32 KB', 'heartbeat', `{"type":"heartbeat","x":"${'x'.repeat(32 * 1024)}"}`],
  ])('is refused with its code: %s', async (_, routeKey, body) => {
    const { statusCode, body: answer } = await serve(routeKey, body);

    expect(statusCode).toBe(200);
    expect(JSON.parse(answer ?? '')).toMatchObject({ type: 'refused', code: 'ERR_FRAME_INVALID' });
    expect(await registry.tunnels('office')).toEqual([]);
  });

  test('is refused when nobody vouches for its sender', async () => {
    const { body } = await serve('hello', '{"type":"hello","version":"1"}', { authorizer: null });

    expect(JSON.parse(body ?? '')).toMatchObject({ type: 'refused', code: 'ERR_CONNECTOR_UNKNOWN' });
  });
});
