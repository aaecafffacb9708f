// `npm run load -- --target`: a scenario against a stack of which it has what anybody has of a deployed one: the address, a user, an authority.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { LoadResults } from '../../load-tests/report/load-page.ts';
import { startChild } from '../support/child.ts';
import { ROOT } from '../support/files.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
let folder: string;

beforeAll(async () => {
  world = await startWorld('--tls', '--lambda', 'quick');
  folder = mkdtempSync(join(tmpdir(), 'sallyport-load-target-'));
  writeFileSync(join(folder, 'authority.pem'), world.ready.certificate!);
}, 120_000);
afterAll(async () => {
  await world?.dispose();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** As the package's script runs it. */
const load = async (password: string) => {
  writeFileSync(join(folder, 'password'), `${password}\n`);
  const args = ['--import', 'tsx', 'load-tests/run.ts', '--target', world.url('intranet'), '--scenario', 'web-sockets'];
  const child = startChild(process.execPath, [...args, '--results', join(folder, 'results')], {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_OPTIONS: '--no-warnings',
      NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem'),
      LOAD_USERNAME: 'bob',
      LOAD_PASSWORD_FILE: join(folder, 'password'),
    },
  });
  return { status: await child.ended, output: child.output() };
};

test('a user who is refused ends it before anything is measured', async () => {
  const { status, output } = await load('demolisher');

  expect(status).toBe(1);
  expect(output).toContain('ERR_SIGN_IN_INVALID: The sign-in ended at');
});

test('eight users talk, each line comes back once and in order, and results and page say so', async () => {
  const { status, output } = await load('builder');

  const json = readFileSync(join(folder, 'results/latest.json'), 'utf8');
  const page = readFileSync(join(folder, 'results/latest.html'), 'utf8');
  const { target, passed, scenarios }: LoadResults = JSON.parse(json);
  const [report] = scenarios;
  // How fast a busy machine is is not this test's affair, how it is told is.
  expect({ target, status }).toEqual({ target: new URL(world.url('intranet')).origin, status: passed ? 0 : 1 });
  expect(output).toContain(passed ? '1 of 1 scenarios met every threshold.' : '0 of 1 scenarios met every threshold.');
  expect(report).toMatchObject({ scenario: 'web-sockets', passed, measure: 'socket.round_trip' });
  expect(report!.counters).toMatchObject({ 'socket.said': 320, 'socket.heard': 320, 'socket.closed': 8 });
  expect(report!.latencies['socket.round_trip']!.count).toBe(320);
  expect(report!.demands.map(({ demanded, met }) => met || / ms$/.test(demanded))).toEqual([true, true, true, true, true]);
  expect(passed).toBe(report!.demands.every(({ met }) => met));
  expect(report!.seconds.reduce((sum, { count }) => sum + count, 0)).toBe(320);
  for (const title of ['How long it took: socket.round_trip', 'Throughput', 'Errors']) expect(page).toContain(`aria-label="${title}"`);
  for (const text of [output, json, page]) expect(text).not.toMatch(/builder|__Host-/);
}, 240_000);
