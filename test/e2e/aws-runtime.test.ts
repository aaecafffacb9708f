// Every function of the template runs in AWS's own runtime client: a tour through the whole product, each step first with no environment
// and then again with those that are there, stopped in between.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createVault } from '../../cli/commands/credentials.ts';
import type { EnvironmentDescription } from '../../simulator/lambda/routes.ts';
import { createTour, type Tour } from '../security/tour.ts';
import { installAwsRuntime } from '../support/aws-runtime.ts';
import { startWorld, type World } from '../support/world.ts';

let folder: string;
let world: World;
let tour: Tour;

beforeAll(async () => {
  installAwsRuntime();
  folder = mkdtempSync(join(tmpdir(), 'sallyport-vault-'));
  const [key, config] = [join(folder, 'vault.json'), join(folder, 'connector.yaml')];
  const said: string[] = [];
  await createVault(key, (line) => void said.push(line));
  writeFileSync(config, `vaultKeys: [${key}]\n`);
  world = await startWorld('--lambda', 'faithful', '--connector-config', config);
  tour = await createTour(world, /vaultKey: (\S+)/.exec(said.join('\n'))![1]!);
}, 600_000);
afterAll(async () => {
  await tour?.dispose();
  await world?.dispose();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const environments = () => world.control<readonly EnvironmentDescription[]>('GET', '/lambda/environments');

test('each function serves cold and warm requests', async () => {
  const deployed = await world.control<Record<string, { type: string; ref: string }>>('GET', '/resources');
  const functions = Object.values(deployed).flatMap(({ type, ref }) => (type === 'AWS::Lambda::Function' ? [ref] : []));
  for (const { id, state } of await environments()) if (state !== 'ended') await world.control('DELETE', `/lambda/environments/${id}`);

  for (const step of tour.steps) for (const _ of ['cold', 'warm']) await step.take();

  const served = new Map<string, number>();
  for (const { function: name, invocations } of await environments()) served.set(name, Math.max(served.get(name) ?? 0, invocations));
  expect(functions.length).toBeGreaterThan(8);
  expect(functions.filter((name) => (served.get(name) ?? 0) < 2)).toEqual([]);
}, 300_000);
