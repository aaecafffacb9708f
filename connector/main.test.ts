import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { JWK } from 'jose';
import { buildConnector } from '../build/connector.ts';
import type { Identity } from './identity.ts';
import { createIdentity, type FakeService, listen, startFakeService } from './testing/fake-service.ts';
import { VERSION } from './version.ts';

const SECRET = 's'.repeat(43);
const folder = mkdtempSync(join(tmpdir(), 'sallyport-connector-'));
const program = join(folder, 'connector.mjs');
let state: string;
let children: ChildProcess[];

beforeAll(async () => {
  await buildConnector(program);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  children = [];
  state = mkdtempSync(join(folder, 'state-'));
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

const start = (args: readonly string[], env: Record<string, string> = {}) => {
  const child = spawn(process.execPath, [program, ...args], { env: { PATH: process.env.PATH, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  const run = { child, output: '', errors: '', status: once(child, 'close').then(([status]) => status as number | null) };
  child.stdout.on('data', (chunk) => {
    run.output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    run.errors += chunk;
  });
  return run;
};

describe('the program', () => {
  test('says which release it is, and what it can be told', async () => {
    const version = start(['--version']);
    const help = start(['--help']);

    expect([await version.status, await help.status]).toEqual([0, 0]);
    expect(version.output).toBe(`${VERSION}\n`);
    expect(help.output).toContain('--allow');
  });

  test('is of the package’s release', () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

    expect(VERSION).toBe(version);
  });

  test('ends with 2 for a faulty configuration, naming every fault', async () => {
    const run = start(['--nonsense'], { SALLYPORT_NONSENSE: '1' });

    expect(await run.status).toBe(2);
    expect(run.errors).toMatch(/ERR_CONFIGURATION_INVALID.*2 faults.*--nonsense.*SALLYPORT_NONSENSE/s);
  });

  test('ends with 2 and says how to enrol when it is not enrolled', async () => {
    const run = start(['--state-directory', state]);

    expect(await run.status).toBe(2);
    expect(run.errors).toContain('npx sallyport connector enroll');
  });

  test('ends with 1 when the code is of no use, which it repeats nowhere', async () => {
    const run = start(['--state-directory', state], { SALLYPORT_ENROLMENT_CODE: `http://localhost:1/connectors/enrol#${SECRET}` });

    expect(await run.status).toBe(1);
    expect(run.errors).toContain('ERR_SERVICE_UNREACHABLE');
    expect(run.output + run.errors).not.toContain(SECRET);
  });

  test('does not spend a code when its keys could not be kept', async () => {
    const file = join(state, 'file');
    writeFileSync(file, '');

    const run = start(['--state-directory', file], { SALLYPORT_ENROLMENT_CODE: `http://localhost:1/connectors/enrol#${SECRET}` });

    expect(await run.status).toBe(2);
    expect(run.errors).toContain('--state-directory');
  });
});

describe('enrolled and running', () => {
  let fake: FakeService;
  let identity: Identity;
  let portal: Server;
  let origin: Server;
  let enrolments: number;
  let code: string;
  let held: ServerResponse | null;
  let allowed: string;

  beforeEach(async () => {
    enrolments = 0;
    held = null;
    identity = await createIdentity();
    fake = await startFakeService({ identity });
    origin = createServer((request, response) => {
      if (request.url === '/slow') {
        held = response;
        response.write('first');
      } else response.end('hello');
    });
    allowed = `http://127.0.0.1:${await listen(origin)}`;
    portal = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { sealingKey } = JSON.parse(Buffer.concat(chunks).toString()) as { sealingKey: JWK };
      Object.assign(identity, { sealingKey });
      enrolments += 1;
      const { connector, tenant, group } = identity;
      response.writeHead(201).end(JSON.stringify({ connector, tenant, group, tunnelUrl: fake.tunnelUrl }));
    });
    code = `http://portal.sallyport.localhost:${await listen(portal)}/connectors/enrol#${SECRET}`;
  });
  afterEach(async () => {
    for (const server of [portal, origin]) {
      server.closeAllConnections();
      server.close();
    }
    await fake.close();
  });

  const flags = () => ['--state-directory', state, '--allow', allowed, '--health-address', '127.0.0.1:0'];
  const welcomed = (tunnels: number) => fake.until(() => fake.welcomes === tunnels);
  const get = async (path: string): Promise<string> => {
    const request = fake.request({ url: `${allowed}${path}` });
    fake.send(request);
    await fake.until(() => fake.bodyOf(request.exchange).length > 0);
    return request.exchange;
  };

  test('it enrols with a code from standard input, serves, drains at SIGTERM and ends with 0', async () => {
    const run = start([...flags(), '--enrolment-code-file', '-']);
    run.child.stdin!.end(`${code}\n`);
    await welcomed(1);
    const quick = await get('/');
    const slow = await get('/slow');

    run.child.kill('SIGTERM');
    await fake.until(() => fake.tunnels[0]!.heard.some(({ type }) => type === 'drain'));
    held!.end('last');

    expect(await run.status).toBe(0);
    expect(fake.bodyOf(quick).toString()).toBe('hello');
    expect(fake.bodyOf(slow).toString()).toBe('firstlast');
    expect(run.output).not.toContain(SECRET);
    const events = run.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event);
    expect(events).toEqual(
      expect.arrayContaining(['connector.enrolled', 'connector.started', 'tunnel.open', 'connector.draining', 'connector.stopped']),
    );
  });

  test('it starts again with the identity that it has: the code is needed once', async () => {
    const first = start(flags(), { SALLYPORT_ENROLMENT_CODE: code });
    await welcomed(1);
    first.child.kill('SIGTERM');
    await first.status;

    const second = start(flags(), { SALLYPORT_ENROLMENT_CODE: code });
    await welcomed(2);
    await get('/');
    second.child.kill('SIGINT');

    expect(await second.status).toBe(0);
    expect(enrolments).toBe(1);
  });

  test('it ends at once when it is told to a second time', async () => {
    const run = start(flags(), { SALLYPORT_ENROLMENT_CODE: code });
    await welcomed(1);
    await get('/slow');

    run.child.kill('SIGTERM');
    await fake.until(() => fake.tunnels[0]!.heard.some(({ type }) => type === 'drain'));
    run.child.kill('SIGTERM');

    expect(await run.status).toBe(1);
  });

  test('it ends with 1 when the service does not know it', async () => {
    fake.refuse = { status: 403 };

    const run = start(flags(), { SALLYPORT_ENROLMENT_CODE: code });

    expect(await run.status).toBe(1);
    expect(run.errors).toContain('ERR_CONNECTOR_UNKNOWN');
  });

  test('it shows no key, credential, header, cookie or query in its log', async () => {
    const run = start([...flags(), '--log-level', 'debug'], { SALLYPORT_ENROLMENT_CODE: code });
    await welcomed(1);
    const request = fake.request({ url: `${allowed}/?token=query-secret`, headers: [['Cookie', 'cookie-secret']] });
    fake.send(request);
    await fake.until(() => fake.ended(request.exchange));
    run.child.kill('SIGTERM');
    await run.status;

    const { signingKey, sealingKey } = JSON.parse(readFileSync(join(state, 'identity.json'), 'utf8'));
    for (const secret of [SECRET, 'query-secret', 'cookie-secret', signingKey.d, sealingKey.d, 'KEY1'])
      expect(run.output).not.toContain(secret);
  });
});
