// Every Allow statement of the template is needed. A tour through the whole product uses each of them, with every action and
// resource in it; then each is taken out of force in turn, and a step of the tour that used it is seen to be denied.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createVault } from '../../cli/commands/credentials.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World } from '../support/world.ts';
import { createTour, type Step, type Tour } from './tour.ts';

interface Statement {
  readonly id: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly uses: number;
  readonly unusedActions: readonly string[];
  readonly unusedResources: readonly string[];
}

interface Denial {
  readonly withheld: string | null;
}

/** How long what a step set going may take to come to its end: lines of a log, the end of a connection. */
const AFTERWARDS_MS = 5_000;
const STEP_MS = 60_000;

let folder: string;
let world: World;
let tour: Tour;
/** By the id of a statement: the steps that used it when they began with no environment, the fastest first. */
const usedBy = new Map<string, Step[]>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-vault-'));
  const [key, config] = [join(folder, 'vault.json'), join(folder, 'connector.yaml')];
  const said: string[] = [];
  await createVault(key, (line) => void said.push(line));
  writeFileSync(config, `vaultKeys: [${key}]\n`);
  world = await startWorld('--lambda', 'quick', '--connector-config', config);
  tour = await createTour(world, /vaultKey: (\S+)/.exec(said.join('\n'))![1]!);
}, 120_000);
afterAll(async () => {
  await tour?.dispose();
  await world?.dispose();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const statements = () => world.control<Statement[]>('GET', '/iam/statements');
/** What was denied; `withheld` names the statement that is out of force and would have allowed it. */
const denials = () => world.control<Denial[]>('GET', '/iam/denials');
const suspend = (id: string, suspended: boolean) => world.control('PUT', `/iam/statements/${encodeURIComponent(id)}`, { suspended });

const environments = async () =>
  (await world.control<Array<{ id: string; state: string }>>('GET', '/lambda/environments')).filter(({ state }) => state !== 'ended');

/** Resolves when no function runs: what a step set going, which nobody waits for, has come to its end. */
const rest = (): Promise<void> =>
  eventually(STEP_MS, async () => {
    const running = (await environments()).filter(({ state }) => state !== 'idle');
    if (running.length > 0) throw new Error(`Functions still run: ${JSON.stringify(running)}`);
  });

/** What environments remember (secrets, tables' answers, that they could be started) they ask for anew. */
const endEnvironments = async (): Promise<void> => {
  await Promise.all((await environments()).map(({ id }) => world.control('DELETE', `/lambda/environments/${id}`)));
};

const usesById = async () => new Map((await statements()).map(({ id, uses }) => [id, uses]));

test('a tour through the product uses every statement, every action and every resource', async () => {
  const durations = new Map<Step, number>();
  for (const step of tour.steps) {
    await endEnvironments();
    const before = await usesById();
    const startedAt = performance.now();
    await step.take();
    await rest();
    durations.set(step, performance.now() - startedAt);
    for (const [id, uses] of await usesById()) if (uses > (before.get(id) ?? 0)) usedBy.set(id, [...(usedBy.get(id) ?? []), step]);
  }
  for (const steps of usedBy.values()) steps.sort((one, other) => durations.get(one)! - durations.get(other)!);

  const unused = (await statements()).flatMap(({ id, uses, actions, resources, unusedActions, unusedResources }) =>
    uses === 0 ? [`${id}: ${actions} on ${resources}`] : [...unusedActions, ...unusedResources].map((entry) => `${id}: ${entry}`),
  );
  // What stands here nobody needed. Take it out of lib/, or add the step that needs it to tour.ts.
  expect(unused).toEqual([]);
}, 120_000);

/** Whether a step is denied for the lack of the statement. Ends with the step, and with the statement in force again. */
const isMissed = async (id: string, step: Step, afterwardsMs: number): Promise<boolean> => {
  const denied = async () => {
    if (!(await denials()).some(({ withheld }) => withheld === id)) throw new Error(`${id} is not missed.`);
  };
  await suspend(id, true);
  let over = false;
  const taken = step
    .take()
    .catch(() => undefined)
    .finally(() => {
      over = true;
    });
  await eventually(STEP_MS, async () => over || denied());
  const missed = await eventually(afterwardsMs, denied).then(
    () => true,
    () => false,
  );
  await suspend(id, false);
  await taken;
  return missed;
};

/** First as it is, then with environments that remember nothing. */
const isNeeded = async (id: string, steps: readonly Step[]): Promise<boolean> => {
  for (const step of steps) {
    if (await isMissed(id, step, 0)) return true;
    await endEnvironments();
    if (await isMissed(id, step, AFTERWARDS_MS)) return true;
  }
  return false;
};

test('without any one of them, a step of the tour is denied, and the denial names it', async () => {
  const needless: string[] = [];

  for (const { id } of await statements()) {
    const steps = usedBy.get(id) ?? [];
    if (!(await isNeeded(id, steps)))
      needless.push(`${id}: without it, ${steps.map(({ name }) => name).join('; ') || 'everything'} goes on`);
  }

  expect(needless).toEqual([]);
}, 400_000);

test('with all of them in force again the tour goes through, and nothing was asked for that none allows', async () => {
  for (const step of tour.steps) await step.take();

  expect((await denials()).filter(({ withheld }) => withheld === null)).toEqual([]);
}, 60_000);
