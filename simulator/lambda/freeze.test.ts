import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { createWorld, type LambdaWorld } from './fixture/world.ts';

const worlds: LambdaWorld[] = [];

const open = (): LambdaWorld => {
  const world = createWorld('faithful');
  worlds.push(world);
  return world;
};

/** The third field of /proc/<pid>/stat: T is stopped by a signal. */
const stateOf = (pid: number): string => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';

const route = ({ lambda }: LambdaWorld, method: string, id: string, body?: unknown) =>
  lambda.routes
    .find((each) => each.method === method && each.path.includes(':id'))!
    .handle({ params: { id }, query: new URLSearchParams(), body });

/** A stop takes effect a moment after the signal was sent. */
const untilState = async (pid: number, wanted: string): Promise<string> => {
  for (let looks = 0; looks < 10_000 && stateOf(pid) !== wanted; looks += 1) await new Promise((resolve) => setImmediate(resolve));
  return stateOf(pid);
};

afterEach(async () => {
  await Promise.all(worlds.splice(0).map(({ lambda }) => lambda.dispose()));
});

test('an environment is stopped between its invocations', async () => {
  const world = open();
  const arn = await world.create('echo');

  await world.lambda.invoke(arn, {});

  const { pid, state, frozen } = world.environments()[0]!;
  expect(state).toBe('idle');
  expect(frozen).toBe(true);
  expect(await untilState(pid!, 'T')).toBe('T');
});

test('a timer that falls due while the environment is frozen fires after it has thawed', async () => {
  const world = open();
  const set = await world.create('timer');
  const frozenMs = 400;

  await world.lambda.invoke(set, { ms: 50 });
  await untilState(world.environments()[0]!.pid!, 'T');
  // Real time must pass, as the function lives in it; how much is measured by the function and not by this test.
  const until = Date.now() + frozenMs;
  while (Date.now() < until) await new Promise((resolve) => setImmediate(resolve));
  const firedWhileFrozen = world.lines.includes('timer fired');
  const { payload } = await world.lambda.invoke(set, {});

  expect(firedWhileFrozen).toBe(false);
  expect(JSON.parse(payload).afterMs).toBeGreaterThanOrEqual(frozenMs);
});

test('the control interface stalls an environment in the middle of its work', async () => {
  const world = open();
  const arn = await world.create('hang', { Timeout: 900 });

  const pending = world.lambda.invoke(arn, {});
  await world.said('hanging');
  const { id, pid } = world.environments()[0]!;
  route(world, 'POST', id, { ms: 5000 });
  const stalled = await untilState(pid!, 'T');
  await world.clock.advance(5000);
  const released = await untilState(pid!, 'S');
  route(world, 'DELETE', id);

  expect(stalled).toBe('T');
  expect(released).toBe('S');
  await expect(pending).resolves.toMatchObject({ functionError: 'Unhandled', payload: expect.stringContaining('signal: killed') });
});

test('a stalled idle environment takes its next invocation when the stall is over', async () => {
  const world = open();
  const arn = await world.create('echo', { Timeout: 30 });
  await world.lambda.invoke(arn, {});
  route(world, 'POST', world.environments()[0]!.id, { ms: 5000 });

  const pending = world.lambda.invoke(arn, {}).then(({ payload }) => JSON.parse(payload));
  await world.clock.advance(2500);
  const stillFrozen = world.environments()[0]!.frozen;
  await world.clock.advance(2500);

  expect(stillFrozen).toBe(true);
  await expect(pending).resolves.toMatchObject({ invocations: 2 });
});

test('the end of the service ends the processes, stopped ones too', async () => {
  const world = open();
  const arn = await world.create('echo');
  await world.lambda.invoke(arn, {});
  const { pid } = world.environments()[0]!;

  await world.lambda.dispose();

  expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
});
