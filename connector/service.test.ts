import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLog } from '../protocol/log.ts';
import { type Clock, systemClock } from './clock.ts';
import { readConfig } from './config.ts';
import type { Identity } from './identity.ts';
import { forkHelper } from './kerberos/fork-helper.ts';
import { Metrics } from './metrics.ts';
import { createNetwork } from './network.ts';
import { startService } from './service.ts';
import { createIdentity, type FakeService, listen, startFakeService } from './testing/fake-service.ts';
import { ManualClock, settled } from './testing/manual-clock.ts';

let identity: Identity;
let fake: FakeService;
let origin: { server: Server; url: string; listener: RequestListener };
let lines: Array<Record<string, unknown>>;
let stops: Array<() => Promise<unknown>>;
let state: string;

beforeEach(async () => {
  stops = [];
  state = mkdtempSync(join(tmpdir(), 'sallyport-service-'));
  lines = [];
  identity = await createIdentity();
  fake = await startFakeService({ identity });
  identity = { ...identity, tunnelUrl: fake.tunnelUrl };
  const server = createServer((request, response) => origin.listener(request, response));
  origin = { server, url: '', listener: (_, response) => void response.end('hello') };
  origin.url = `http://localhost:${await listen(server)}`;
});

afterEach(async () => {
  for (const stop of stops) await stop();
  await fake.close();
  origin.server.closeAllConnections();
  origin.server.close();
  rmSync(state, { recursive: true, force: true });
});

const start = async (clock: Clock = systemClock) => {
  const network = createNetwork({ env: {}, extraCa: null });
  const service = startService({
    config: readConfig({ args: ['--allow', origin.url, '--state-directory', state], env: {}, read: () => '' }),
    identity,
    network,
    clock,
    random: () => 0,
    log: createLog({ write: (line) => lines.push(JSON.parse(line)) }),
    metrics: new Metrics(),
    startKerberosHelper: forkHelper('/nonexistent'),
  });
  const running = service.supervisor.run();
  running.catch(() => {});
  const stop = async () => {
    service.supervisor.stop();
    await running.catch(() => {});
    await service.close();
    network.close();
  };
  stops.push(stop);
  while (!service.supervisor.ready) await settled();
  return { ...service, running, stop };
};

const exchange = async (fields: Parameters<FakeService['request']>[0] = {}, payload?: Uint8Array): Promise<string> => {
  const request = fake.request({ url: `${origin.url}/`, ...fields });
  fake.send(request, payload);
  await fake.until(() => fake.ended(request.exchange));
  return request.exchange;
};

describe('the whole connector', () => {
  test('dials with its token, answers a request with one frame, posted with the welcome’s credentials', async () => {
    await start();

    const id = await exchange();

    expect(fake.tunnels[0]!.request.headers.authorization).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
    expect(fake.tunnels[0]!.request.headers['sec-websocket-protocol']).toBe('sallyport.v1');
    expect(fake.posted).toMatchObject([{ replyTo: 'router-1', frame: { type: 'response', status: 200, end: true } }]);
    expect(fake.bodyOf(id).toString()).toBe('hello');
    expect(fake.credentials[0]).toContain('Credential=KEY1/');
    expect(fake.credentials[0]).toContain('/eu-central-1/execute-api/');
  });

  test('answers with one frame though the origin does not tell the length', async () => {
    origin.listener = (_, response) => {
      response.write('hel');
      response.end('lo');
    };
    await start();

    const id = await exchange();

    expect(fake.posted).toHaveLength(1);
    expect(fake.bodyOf(id).toString()).toBe('hello');
  });

  test.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('answers %s with status %i by one frame', async (method, status) => {
    origin.listener = (_, response) => void response.writeHead(status, status === 200 ? { 'Content-Length': 5 } : {}).end();
    await start();

    await exchange({ method });

    expect(fake.posted).toMatchObject([{ frame: { status, end: true } }]);
  });

  test('carries an upload in several frames, whatever order they come in', async () => {
    origin.listener = async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      response.end(Buffer.concat(chunks));
    };
    await start();
    const request = fake.request({ url: `${origin.url}/`, method: 'POST', hasBody: true, end: false });

    fake.send({ type: 'body', exchange: request.exchange, n: 2, end: true }, Buffer.from('!'));
    fake.send(request, Buffer.alloc(90_000, 'a'));
    fake.send({ type: 'body', exchange: request.exchange, n: 1, end: false }, Buffer.alloc(90_000, 'b'));
    await fake.until(() => fake.ended(request.exchange));

    expect(fake.bodyOf(request.exchange).toString()).toBe(`${'a'.repeat(90_000)}${'b'.repeat(90_000)}!`);
  });

  test('streams: an event reaches the router while the origin still holds the answer', async () => {
    let held: ServerResponse | undefined;
    origin.listener = (_, response) => {
      held = response;
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\n');
    };
    await start();
    const request = fake.request({ url: `${origin.url}/` });

    fake.send(request);
    await fake.until(() => fake.bodyOf(request.exchange).length === 9);
    held!.end('data: 2\n\n');
    await fake.until(() => fake.ended(request.exchange));

    expect(fake.bodyOf(request.exchange).toString()).toBe('data: 1\n\ndata: 2\n\n');
  });

  test('stops the origin’s work when the user goes', async () => {
    let left: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => {
      left = resolve;
    });
    origin.listener = (_, response) => {
      response.on('close', () => left!());
      response.write('first');
    };
    await start();
    const request = fake.request({ url: `${origin.url}/` });
    fake.send(request);
    await fake.until(() => fake.bodyOf(request.exchange).length === 5);

    fake.send({ type: 'cancel', exchange: request.exchange, code: 'ERR_INTERNAL' });

    await gone;
  });

  test('resumes at the router’s new connection in mid-answer: 3 MB with no byte lost', async () => {
    const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 31) % 253));
    origin.listener = (_, response) => void response.end(content);
    fake.replyStatus = (connection) => (connection === 'router-1' && fake.posted.length >= 5 ? 410 : 200);
    await start();
    const request = fake.request({ url: `${origin.url}/` });
    fake.send(request);
    await fake.until(() => fake.posted.length >= 5);
    const numbers = new Set(fake.posted.map(({ frame }) => ('n' in frame ? frame.n : -1)));
    let received = 0;
    while (numbers.has(received)) received += 1;

    fake.send({ type: 'reply-to', exchange: request.exchange, replyTo: 'router-2', received });
    await fake.until(() => fake.bodyOf(request.exchange).length === content.length);

    expect(fake.bodyOf(request.exchange).equals(content)).toBe(true);
    expect(fake.posted.some(({ replyTo }) => replyTo === 'router-2')).toBe(true);
  });

  test('dials again when its tunnel is cut in mid-answer, and tells the router where it is now', async () => {
    let held: ServerResponse | undefined;
    origin.listener = (_, response) => {
      held = response;
      response.write('first');
    };
    await start();
    const request = fake.request({ url: `${origin.url}/` });
    fake.send(request);
    await fake.until(() => fake.bodyOf(request.exchange).length === 5);

    fake.tunnels[0]!.socket.terminate();
    await fake.until(() => fake.posted.some(({ frame }) => frame.type === 'moved'));
    held!.end('last');
    await fake.until(() => fake.ended(request.exchange));

    expect(fake.posted.find(({ frame }) => frame.type === 'moved')!.frame).toMatchObject({ tunnel: 'tunnel-2', received: 1 });
    expect(fake.bodyOf(request.exchange).toString()).toBe('firstlast');
  });

  test('notices within 10 s that its link is dead though TCP says nothing, and dials again', async () => {
    const clock = new ManualClock();
    fake.now = clock.now;
    await start(clock);
    fake.tunnels[0]!.socket.pause();

    await clock.pass(10_000);
    await fake.until(() => fake.tunnels.length === 2);

    expect(lines.find(({ event }) => event === 'tunnel.closed')).toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE' });
  });

  test('gets fresh credentials when those at hand are refused, and loses nothing', async () => {
    fake.replyStatus = () => (fake.credentials.at(-1)!.includes('KEY1/') ? 403 : 200);
    // What is left of the ten seconds between two requests for credentials passes in a moment.
    const hurried = (ms: number) => (ms > 5_000 && ms < 10_000 ? 20 : ms);
    const clock: Clock = { ...systemClock, after: (ms, callback) => systemClock.after(hurried(ms), callback) };
    await start(clock);

    const id = await exchange();

    expect(fake.bodyOf(id).toString()).toBe('hello');
    expect(fake.credentials[0]).toContain('KEY1/');
    expect(fake.credentials.at(-1)).not.toContain('KEY1/');
  });

  test('drains: tells the registry, refuses what is new, finishes what runs, closes in order', async () => {
    let held: ServerResponse | undefined;
    origin.listener = (_, response) => {
      held = response;
      response.write('first');
    };
    const { supervisor, running } = await start();
    const request = fake.request({ url: `${origin.url}/` });
    fake.send(request);
    await fake.until(() => fake.bodyOf(request.exchange).length === 5);

    supervisor.stop();
    await fake.until(() => fake.tunnels[0]!.heard.some(({ type }) => type === 'drain'));
    const late = fake.request({ url: `${origin.url}/` });
    fake.send(late);
    await fake.until(() => fake.ended(late.exchange));
    held!.end('last');
    await running;

    expect(fake.posted.find(({ frame }) => frame.exchange === late.exchange)!.frame).toMatchObject({ code: 'ERR_CONNECTOR_DRAINING' });
    expect(fake.bodyOf(request.exchange).toString()).toBe('firstlast');
    expect(fake.tunnels[0]!.socket.readyState).toBeGreaterThanOrEqual(2);
  });
});

test('drains: a request that comes while the tunnel closes is refused, and its router told before the connector ends', async () => {
  const { supervisor, running } = await start();
  const { socket, heard } = fake.tunnels[0]!;
  supervisor.stop();
  await fake.until(() => heard.some(({ type }) => type === 'drain'));
  // The connector's goodbye is on its way, and so is the request.
  socket.pause();
  for (let turn = 0; turn < 5; turn += 1) await settled();
  const late = fake.request({ method: 'POST', url: `${origin.url}/` });

  fake.send(late);
  await fake.until(() => fake.ended(late.exchange));
  socket.resume();
  await running;

  expect(fake.posted.map(({ frame }) => frame)).toMatchObject([{ exchange: late.exchange, type: 'error', code: 'ERR_CONNECTOR_DRAINING' }]);
});

test('is not closed while it still writes into its state directory', async () => {
  const noted = join(state, 'applications.json');
  // Whoever writes into it waits for a reader.
  execFileSync('mkfifo', [noted]);
  const { supervisor, running, close } = await start();
  supervisor.stop();
  await running;

  let closed = false;
  const closing = close().then(() => {
    closed = true;
  });
  await settled();
  const before = closed;
  const written = await readFile(noted, 'utf8');
  await closing;

  expect([before, JSON.parse(written)]).toEqual([false, []]);
});

describe('a dial that is refused says why', () => {
  const failure = async (): Promise<unknown> => {
    const network = createNetwork({ env: {}, extraCa: null });
    const service = startService({
      config: readConfig({ args: ['--exit-after-minutes', '1', '--state-directory', state], env: {}, read: () => '' }),
      identity,
      network,
      // A minute passes in a moment: what is tried again is given up, with the last reason.
      startKerberosHelper: forkHelper('/nonexistent'),
      clock: { ...systemClock, after: (ms, callback) => systemClock.after(ms === 60_000 ? 200 : Math.min(ms, 5_000), callback) },
      random: () => 0,
      log: createLog({ write: (line) => lines.push(JSON.parse(line)) }),
      metrics: new Metrics(),
    });
    stops.push(async () => {
      await service.close();
      network.close();
    });
    return service.supervisor.run().catch((error: unknown) => error);
  };

  test.each([
    ['ahead', -3_600_000],
    ['behind', 3_600_000],
  ])('a clock an hour %s', async (side, offset) => {
    fake.now = () => Date.now() + offset;
    fake.refuse = { status: 401 };

    await failure();

    expect(lines[0]).toMatchObject({ event: 'tunnel.failed', code: 'ERR_CONNECTOR_CLOCK' });
    expect(lines[0]!.error).toMatch(new RegExp(`60 minutes ${side} .*NTP`));
  });

  test.each([401, 403])('a connector that is not known (%i)', async (status) => {
    fake.refuse = { status };

    expect(await failure()).toMatchObject({ code: 'ERR_CONNECTOR_UNKNOWN', message: expect.stringContaining('Enrol it again') });
  });

  test('another version of the protocol', async () => {
    fake.refuse = { status: 400 };

    expect(await failure()).toMatchObject({ code: 'ERR_PROTOCOL_VERSION', message: expect.stringContaining('sallyport.v1') });
  });

  test('a server that does not say which version it speaks', async () => {
    fake.subprotocol = false;

    expect(await failure()).toMatchObject({ code: 'ERR_PROTOCOL_VERSION' });
  });

  test('a platform that fails', async () => {
    fake.refuse = { status: 502 };

    expect(await failure()).toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE', message: expect.stringContaining('502') });
  });

  test('nothing that listens', async () => {
    identity = { ...identity, tunnelUrl: 'ws://127.0.0.1:1/' };

    expect(await failure()).toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE', message: expect.stringContaining('127.0.0.1:1') });
  });
});

test('an application outside the allowlist is warned of once', async () => {
  await fake.close();
  fake = await startFakeService({
    identity,
    secrets: (given) => ({
      ...given,
      applications: [
        { name: 'Wiki', internalUrl: `${origin.url}/wiki/` },
        { name: 'Plant', internalUrl: 'http://plant.corp:81/x/' },
      ],
    }),
  });
  identity = { ...identity, tunnelUrl: fake.tunnelUrl };
  await start();

  await exchange();
  fake.tunnels[0]!.socket.terminate();
  await fake.until(() => fake.welcomes === 2);
  await exchange();

  expect(lines.filter(({ event }) => event === 'allowlist.lacks')).toMatchObject([
    { application: 'Plant', origin: 'http://plant.corp:81' },
  ]);
});
