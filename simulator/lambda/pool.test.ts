import { expect, test } from '@jest/globals';
import { deferred } from './deferred.ts';
import type { Environment } from './environment.ts';
import { EnvironmentPool } from './pool.ts';
import { createTurns } from './turns.ts';

interface Played extends Pick<Environment, 'state' | 'kill'> {
  killed: boolean;
  state: Environment['state'];
}

const PLACES = 2;

const played = (): Environment & Played => {
  const environment: Played = {
    state: 'idle',
    killed: false,
    kill: () => {
      environment.killed = true;
      environment.state = 'ended';
    },
  };
  return environment as Environment & Played;
};

const openPool = (isFit: (environment: Environment) => boolean = () => true) => {
  const starts: Array<ReturnType<typeof deferred<Environment>>> = [];
  const open = () => {
    const start = deferred<Environment>();
    starts.push(start);
    return start.promise;
  };
  return { pool: new EnvironmentPool({ open, isFit, takeTurn: createTurns(PLACES), isEmpty: () => starts.length === 0 }), starts };
};

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('the environment that was used last is taken first, and none is started', async () => {
  const { pool, starts } = openPool();
  const [one, other] = [played(), played()];
  pool.free(one);
  pool.free(other);

  expect([await pool.take(), await pool.take()]).toEqual([other, one]);
  expect(starts).toHaveLength(0);
});

test('who waits for an environment that starts gets one that is free before', async () => {
  const { pool, starts } = openPool();
  const waiting = pool.take();
  const [freed, started] = [played(), played()];

  pool.free(freed);
  starts[0]!.resolve(started);

  expect(await waiting).toBe(freed);
  await turn();
  expect(await pool.take()).toBe(started);
});

test('one starts at once, further ones in their turn, and who has waited longest is served first', async () => {
  const { pool, starts } = openPool();
  const served: number[] = [];
  const waiting = Array.from({ length: 5 }, (_, n) => pool.take().then(() => served.push(n)));
  await turn();

  expect(starts).toHaveLength(1 + PLACES);
  starts[1]!.resolve(played());
  await turn();
  expect([starts.length, served]).toEqual([2 + PLACES, [0]]);
  for (const n of [0, 2, 3, 4]) {
    starts[n]!.resolve(played());
    await turn();
  }
  await Promise.all(waiting);
  expect([starts.length, served]).toEqual([5, [0, 1, 2, 3, 4]]);
});

test('what nobody waits for any more is not started when its turn comes', async () => {
  const { pool, starts } = openPool();
  const waiting = Array.from({ length: 5 }, () => pool.take());
  await turn();
  const environments = Array.from({ length: 4 }, played);

  for (const environment of environments) pool.free(environment);
  starts[0]!.resolve(played());
  starts[1]!.resolve(played());
  await Promise.all(waiting);
  await turn();

  expect(starts).toHaveLength(1 + PLACES);
});

test('a start that fails is told to one who waits, and another environment is started for the next', async () => {
  const { pool, starts } = openPool();
  const [first, second, third] = [pool.take(), pool.take(), pool.take()];
  await turn();
  const environments = [played(), played()];

  starts[0]!.reject(new Error('cannot start'));
  await expect(first).rejects.toThrow('cannot start');
  await turn();
  starts[1]!.resolve(environments[0]!);
  starts[2]!.resolve(environments[1]!);

  expect(await Promise.all([second, third])).toEqual(environments);
});

test('one that is due for replacement is ended, and one that has ended is passed over', async () => {
  const old = played();
  const { pool, starts } = openPool((environment) => environment !== old);
  const ended = played();
  pool.free(old);
  pool.free(ended);
  ended.kill();

  const waiting = pool.take();

  expect(old.killed).toBe(true);
  const young = played();
  starts[0]!.resolve(young);
  expect(await waiting).toBe(young);
});

test('at the end all who wait are told, and nothing is started any more', async () => {
  const { pool, starts } = openPool();
  const told = Promise.allSettled(Array.from({ length: 5 }, () => pool.take()));
  await turn();

  pool.dispose(new Error('ended'));
  for (const start of starts) start.reject(new Error('killed'));
  await turn();

  expect((await told).map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'rejected'));
  await expect(pool.take()).rejects.toThrow('ended');
  expect(starts).toHaveLength(1 + PLACES);
});
