// `npm run audit` against a registry and an OSV of the test's own.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { readLocked } from '../../build/supply/locked.ts';

// npm itself is run.
jest.setTimeout(120_000);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BULK = '/-/npm/v1/security/advisories/bulk';
const PACKAGES = readLocked(ROOT);
const VERSION = PACKAGES.find(({ name }) => name === 'jose')!.version;

type Answer = readonly [status: number, body: unknown];
interface Query {
  readonly package: { readonly name: string };
  readonly version: string;
  readonly page_token?: string;
}

let server: Server;
let cache: string;
let bulk: Answer;
let osv: (queries: readonly Query[]) => Answer;

const bodyOf = async (request: IncomingMessage) =>
  JSON.parse(await text(request.headers['content-encoding'] === 'gzip' ? request.pipe(createGunzip()) : request)) as never;

const answerTo = async (request: IncomingMessage): Promise<Answer> => {
  if (request.url === BULK) return bulk;
  if (request.url === '/v1/querybatch') return osv(((await bodyOf(request)) as { queries: Query[] }).queries);
  if (request.url === '/jose') return [200, { name: 'jose', 'dist-tags': {}, versions: { [VERSION]: { name: 'jose', version: VERSION } } }];
  return [404, {}];
};

beforeAll(async () => {
  cache = mkdtempSync(join(tmpdir(), 'audit-'));
  server = createServer(async (request, response) => {
    const [status, body] = await answerTo(request);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(cache, { recursive: true, force: true });
});

const audit = () =>
  new Promise<{ status: number; lines: string[] }>((resolve) => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const args = ['--no-warnings', '--import', 'tsx', 'build/audit.ts', '--registry', url, '--osv', url];
    const env = { ...process.env, NODE_OPTIONS: '', NO_PROXY: '127.0.0.1', npm_config_cache: cache, npm_config_fetch_retries: '0' };
    execFile(process.execPath, args, { cwd: ROOT, env }, (error, stdout) =>
      resolve({ status: typeof error?.code === 'number' ? error.code : 0, lines: stdout.trimEnd().split('\n') }),
    );
  });

const nothing = (queries: readonly Query[]): Answer => [200, { results: queries.map(() => ({})) }];
const advisory = {
  ...{ id: 1, url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc', title: 'Bad', severity: 'high' },
  ...{ vulnerable_versions: '*', cwe: [], cvss: { score: 0, vectorString: null } },
};

test('nothing known: 0, and each installed version was asked for', async () => {
  const asked: string[] = [];
  bulk = [200, {}];
  osv = (queries) => {
    asked.push(...queries.map(({ package: { name }, version }) => `${name}@${version}`));
    return nothing(queries);
  };

  const { status, lines } = await audit();

  expect([status, lines]).toEqual([
    0,
    [`Registry: no known vulnerabilities in ${PACKAGES.length} packages`, `OSV: no known vulnerabilities in ${PACKAGES.length} packages`],
  ]);
  expect(asked.sort()).toEqual(PACKAGES.map(({ name, version }) => `${name}@${version}`).sort());
});

test('one that both know, and one on OSV’s second page: 1, each once', async () => {
  bulk = [200, { jose: [advisory] }];
  osv = (queries) => [
    200,
    {
      results: queries.map(({ package: { name }, page_token }) => {
        if (name !== 'jose') return {};
        if (page_token === 'more') return { vulns: [{ id: 'GHSA-dddd-eeee-ffff' }] };
        return { vulns: [{ id: 'GHSA-aaaa-bbbb-cccc' }], next_page_token: 'more' };
      }),
    },
  ];

  const { status, lines } = await audit();

  expect([status, lines.slice(2)]).toEqual([
    1,
    [`jose ${VERSION} GHSA-aaaa-bbbb-cccc in what runs`, `jose ${VERSION} GHSA-dddd-eeee-ffff in what runs`],
  ]);
});

test('a registry that does not answer audits is told, and OSV’s answer counts', async () => {
  bulk = [405, {}];
  osv = nothing;

  const { status, lines } = await audit();

  expect([status, lines]).toEqual([
    0,
    [expect.stringMatching(/^Registry: could not be asked\. 405 /), expect.stringMatching(/^OSV: no known/)],
  ]);
});

test.each<[string, Answer, (queries: readonly Query[]) => Answer]>([
  ['refuses', [404, {}], () => [503, {}]],
  ['answers something else', [200, 'hello'], () => [200, { hello: true }]],
  ['answers fewer questions than were asked', [405, {}], () => [200, { results: [{}] }]],
  ['has pages without end', [405, {}], (queries) => [200, { results: queries.map(() => ({ next_page_token: 'more' })) }]],
])('neither can be asked, where each %s: 3, which is not "nothing"', async (_, registryAnswer, osvAnswer) => {
  bulk = registryAnswer;
  osv = osvAnswer;

  const { status, lines } = await audit();

  expect([status, lines]).toEqual([
    3,
    [
      expect.stringMatching(/^Registry: could not be asked\. /),
      expect.stringMatching(/^OSV: could not be asked\. /),
      expect.stringMatching(/^Nothing is known/),
    ],
  ]);
});
