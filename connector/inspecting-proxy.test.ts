// A connector whose only way out is a proxy with authentication that inspects TLS: enrolment, tunnel and posts go through it, by names that
// are looked up nowhere but there, and trust its authority only where --ca-file names it.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLog } from '../protocol/log.ts';
import { systemClock } from './clock.ts';
import { readConfig } from './config.ts';
import { dial } from './dial.ts';
import { enrol, parseEnrolmentCode } from './enrol.ts';
import type { Identity } from './identity.ts';
import { forkHelper } from './kerberos/fork-helper.ts';
import { Metrics } from './metrics.ts';
import { createNetwork, type Network } from './network.ts';
import { ReplyApi } from './reply.ts';
import { startService } from './service.ts';
import { createIdentity, listen, startFakeService } from './testing/fake-service.ts';
import { type InspectingProxy, makeCertificates, startInspectingProxy } from './testing/inspecting-proxy.ts';
import { settled } from './testing/manual-clock.ts';

const TUNNEL = 'wss://tunnel.sallyport.test/';
const CODE = `https://portal.sallyport.test/connectors/enrol#${'a'.repeat(43)}`;
const REPLY = 'https://reply.sallyport.test/live';

let proxy: InspectingProxy;
let keys: Identity;
let fake: Awaited<ReturnType<typeof startFakeService>>;
const networks: Network[] = [];
const servers: Array<ReturnType<typeof createServer>> = [];
const serve = async (listener: Parameters<typeof createServer>[1]): Promise<number> => {
  const server = createServer(listener as never);
  servers.push(server);
  return listen(server);
};

beforeAll(async () => {
  proxy = await startInspectingProxy();
});
afterAll(() => proxy.close());
beforeEach(async () => {
  proxy.refuse = null;
  proxy.opened.length = 0;
  keys = await createIdentity({ tunnelUrl: TUNNEL });
  fake = await startFakeService({
    identity: keys,
    secrets: (given) => {
      proxy.names.set('reply.sallyport.test', Number(new URL(given.replyEndpoint).port));
      return { ...given, replyEndpoint: REPLY };
    },
  });
  const { connector, tenant, group, tunnelUrl } = keys;
  const portal = await serve((_, response) => void response.writeHead(201).end(JSON.stringify({ connector, tenant, group, tunnelUrl })));
  proxy.names.set('portal.sallyport.test', portal).set('tunnel.sallyport.test', Number(new URL(fake.tunnelUrl).port));
});
afterEach(async () => {
  for (const network of networks.splice(0)) network.close();
  await fake.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const networkWith = (extraCa: string | null, url = proxy.url): Network => {
  const network = createNetwork({ env: { HTTPS_PROXY: url }, extraCa });
  networks.push(network);
  return network;
};
const enrolBy = (network: Network) => enrol({ code: parseEnrolmentCode(CODE), name: 'hall', network, clock: systemClock, keys });
const dialBy = async (network: Network) => {
  const socket = await dial({ url: TUNNEL, token: 'token', network, now: Date.now }, (open) => open);
  socket.terminate();
};
/** What the log has of a post; null: it was delivered. */
const postBy = async (network: Network): Promise<string | null> => {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line) });
  const replyApi = new ReplyApi({ network, log, now: Date.now });
  const credentials = { accessKeyId: 'A', secretAccessKey: 'B', sessionToken: 'C', expiresAt: Date.now() + 60_000 };
  replyApi.use({ replyEndpoint: REPLY, region: 'eu-central-1', credentials });
  const attempt = await replyApi.send('frame', 'router-1');
  replyApi.close();
  return attempt === 'delivered' ? null : lines.join();
};

test('enrolment, tunnel and posts go through it', async () => {
  const network = networkWith(proxy.authority);
  const identity = await enrolBy(network);
  const origin = `http://localhost:${await serve((_, response) => void response.end('hello'))}`;
  const state = mkdtempSync(join(tmpdir(), 'sallyport-state-'));
  const service = startService({
    config: readConfig({ args: ['--allow', origin, '--state-directory', state], env: {}, read: () => '' }),
    ...{ identity, network, clock: systemClock, random: () => 0, metrics: new Metrics() },
    log: createLog({ write: () => undefined }),
    startKerberosHelper: forkHelper('/nonexistent'),
  });
  const running = service.supervisor.run();
  try {
    while (!service.supervisor.ready) await settled();
    const request = fake.request({ url: `${origin}/` });
    fake.send(request);
    await fake.until(() => fake.ended(request.exchange));

    expect(fake.bodyOf(request.exchange).toString()).toBe('hello');
    expect([...new Set(proxy.opened)].sort()).toEqual(['portal', 'reply', 'tunnel'].map((name) => `${name}.sallyport.test:443`));
  } finally {
    service.supervisor.stop();
    await running;
    await service.close();
    rmSync(state, { recursive: true });
  }
}, 30_000);

describe.each<[string, () => string | null]>([
  ['no --ca-file', () => null],
  ['a --ca-file with another authority', () => makeCertificates('*.sallyport.test').authority],
])('with %s', (_, authority) => {
  test('nothing is said to whoever answers behind it', async () => {
    const network = networkWith(authority());

    await expect(enrolBy(network)).rejects.toMatchObject({
      code: 'ERR_SERVICE_UNREACHABLE',
      message: expect.stringMatching(/certificate was refused.*--ca-file/),
    });
    await expect(dialBy(network)).rejects.toMatchObject({
      code: 'ERR_SERVICE_UNREACHABLE',
      message: expect.stringMatching(/certificate was refused.*--ca-file/),
    });
    proxy.names.set('reply.sallyport.test', await serve((_, response) => void response.end()));
    expect(await postBy(network)).toMatch(/certificate/);
    expect(fake.tunnels).toEqual([]);
  });
});

describe('a proxy that refuses is named, and nothing else is blamed', () => {
  test.each([401, 403, 407, 500, 502, 302])('%d', async (status) => {
    proxy.refuse = status;
    const network = networkWith(proxy.authority);
    const named = {
      code: 'ERR_SERVICE_UNREACHABLE',
      message: expect.stringContaining(`The proxy ${proxy.host} answered ${status} to CONNECT`),
    };

    await expect(enrolBy(network)).rejects.toMatchObject(named);
    await expect(dialBy(network)).rejects.toMatchObject(named);
    expect(await postBy(network)).toContain(`The proxy ${proxy.host} answered ${status} to CONNECT reply.sallyport.test:443`);
  });

  test.each([
    ['no user name', (url: string) => url.replace(/\/\/.*@/, '//'), 'requires a user name and a password'],
    ['a wrong password', (url: string) => url.replace(/:p%40.*@/, ':guess@'), 'does not accept the user name and password'],
  ])('with %s', async (_, change, says) => {
    const failure = await dialBy(networkWith(proxy.authority, change(proxy.url))).catch((error: Error) => error.message);

    expect(failure).toContain(says);
    expect(failure).not.toContain('guess');
  });

  test('where nothing listens', async () => {
    const network = networkWith(proxy.authority, 'http://connector:secret@127.0.0.1:1');

    const failure = await enrolBy(network).catch((error: Error) => error.message);

    expect(failure).toMatch(/^The proxy 127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/);
    expect(failure).not.toContain('secret');
  });
});
