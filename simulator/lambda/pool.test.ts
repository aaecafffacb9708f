import { describe, expect, test } from '@jest/globals';
import { deferred } from './deferred.ts';
import type { Environment } from './environment.ts';
import { EnvironmentPool } from './pool.ts';
import { createTurns } from './turns.ts';

interface Played extends Pick<Environment, 'state' | 'kill'> {
  killed: boolean;
  state: Environment['state'];
}

const PLACES = 2;

const FREE = 3;

class ManualTime {
  now = 0;
  #due: Array<{ readonly at: number; readonly act: () => void }> = [];

  readonly after = (ms: number, act: () => void): void => {
    this.#due.push({ at: this.now + ms, act });
  };

  async pass(ms: number): Promise<void> {
    for (const until = this.now + ms; this.now < until; ) {
      this.now += 1;
      const due = this.#due.filter(({ at }) => at <= this.now);
      this.#due = this.#due.filter(({ at }) => at > this.now);
      for (const { act } of due) act();
      await turn();
    }
  }
}

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

/** Time passes where a test has it pass. */
const openPool = (isFit: (environment: Environment) => boolean = () => true, hasCores = true) => {
  const starts: Array<ReturnType<typeof deferred<Environment>>> = [];
  const open = () => {
    const start = deferred<Environment>();
    starts.push(start);
    return start.promise;
  };
  const time = new ManualTime();
  const ports = { open, isFit, takeTurn: createTurns(PLACES), hasCores: () => hasCores, sizeFree: FREE, size: () => starts.length };
  return { pool: new EnvironmentPool({ ...ports, now: () => time.now, after: time.after }), starts, time };
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

describe('where the cores are busy', () => {
  test('a hundred requests at once start a few environments, which take one after the other', async () => {
    const { pool, starts, time } = openPool(undefined, false);
    const served: number[] = [];
    const running: Environment[] = [];
    for (let n = 0; n < 100; n += 1) {
      void pool.take().then((environment) => {
        served.push(n);
        running.push(environment);
      });
    }
    await turn();
    while (served.length < 100) {
      for (const start of starts) start.resolve(played());
      await time.pass(50);
      for (const environment of running.splice(0)) pool.free(environment);
      await turn();
    }

    expect(starts).toHaveLength(FREE);
    expect(served).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  test('requests of which each waits for all others get an environment each', async () => {
    const { pool, starts, time } = openPool(undefined, false);
    let served = 0;
    for (let n = 0; n < 40; n += 1) void pool.take().then(() => (served += 1));

    for (let passed = 0; served < 40 && passed < 60_000; passed += 100) {
      for (const start of starts) start.resolve(played());
      await time.pass(100);
    }

    expect([served, starts.length]).toEqual([40, 40]);
  });

  test('those that hold theirs, among many that do not, are waited for no longer than a start takes', async () => {
    const { pool, starts, time } = openPool(undefined, false);
    let held = 0;
    let quick = 0;
    const waiting = Array.from({ length: 200 }, async (_, n) => {
      const environment = await pool.take();
      if (n % 10 === 0) {
        held += 1;
        return;
      }
      await new Promise<void>((resume) => time.after(5, resume));
      quick += 1;
      pool.free(environment);
    });
    let passed = 0;
    for (; held + quick < 200 && passed < 60_000; passed += 10) {
      for (const start of starts) start.resolve(played());
      await time.pass(10);
    }
    await Promise.all(waiting);

    expect([held, quick]).toEqual([20, 180]);
    expect(starts.length).toBeLessThanOrEqual(20 + FREE);
    expect(passed).toBeLessThanOrEqual(20 * 1_000);
  });

  test('how long one is waited for is what a start has taken before', async () => {
    const { pool, starts, time } = openPool(undefined, false);
    for (let n = 0; n < FREE; n += 1) void pool.take();
    await time.pass(900);
    for (const start of starts) start.resolve(played());
    await turn();
    void pool.take();

    await time.pass(850);
    expect(starts).toHaveLength(FREE);
    await time.pass(100);
    expect(starts).toHaveLength(FREE + 1);
  });
});
