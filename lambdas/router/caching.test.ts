import { describe, expect, test } from '@jest/globals';
import { SallyportError } from '../../protocol/errors.ts';
import { CACHE_MS } from '../../protocol/limits.ts';
import { Cache, type CacheOptions, cachedDirectory, cachedSessions, cachedTunnels } from './caching.ts';
import { session, tunnel } from './testing/records.ts';

const prepare = (options: Partial<CacheOptions<string>> = {}) => {
  let now = 0;
  const loads: string[] = [];
  const store = { answer: (key: string): Promise<string> => Promise.resolve(`${key} at ${now}`) };
  const cache = new Cache<string>({
    load: (key) => {
      loads.push(key);
      return store.answer(key);
    },
    clock: { now: () => now },
    maxEntries: 2,
    ...options,
  });
  return { cache, loads, store, pass: (ms: number) => (now += ms) };
};
const busy = () => Promise.reject(new SallyportError('ERR_STORE_UNAVAILABLE'));

test('a value is kept for CACHE_MS from when it was asked for, not longer', async () => {
  const { cache, loads, pass } = prepare();
  await cache.get('a');

  pass(CACHE_MS - 1);
  const kept = await cache.get('a');
  pass(1);
  const fresh = await cache.get('a');

  expect(kept).toBe('a at 0');
  expect(fresh).toBe(`a at ${CACHE_MS}`);
  expect(loads).toHaveLength(2);
});

test('the time that the store took counts', async () => {
  const { cache, store, loads, pass } = prepare();
  let answer: (value: string) => void = () => undefined;
  store.answer = () => new Promise((resolve) => (answer = resolve));
  const first = cache.get('a');
  pass(CACHE_MS);
  answer('late');
  await first;
  store.answer = async () => 'fresh';

  expect(await cache.get('a')).toBe('fresh');
  expect(loads).toHaveLength(2);
});

test('callers that come at once share one question', async () => {
  const { cache, loads } = prepare();

  await Promise.all([cache.get('a'), cache.get('a'), cache.get('a')]);

  expect(loads).toEqual(['a']);
});

test('a failure is not kept, and is everyone’s who asked', async () => {
  const { cache, store } = prepare();
  store.answer = busy;

  const outcomes = await Promise.allSettled([cache.get('a'), cache.get('a')]);
  store.answer = async () => 'well';

  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await cache.get('a')).toBe('well');
});

test('the number of entries is bounded: the oldest goes', async () => {
  const { cache, loads } = prepare();

  for (const key of ['a', 'b', 'c', 'b', 'c', 'a']) await cache.get(key);

  expect(loads).toEqual(['a', 'b', 'c', 'a']);
});

test('an answer that was asked for before `expire` is not kept after it', async () => {
  const { cache, store, loads } = prepare();
  let answer: (value: string) => void = () => undefined;
  store.answer = () => new Promise((resolve) => (answer = resolve));
  const old = cache.get('a');
  cache.expire('a');
  answer('old');
  await old;
  store.answer = async () => 'new';

  expect(await cache.get('a')).toBe('new');
  expect(loads).toHaveLength(2);
});

describe('grace', () => {
  test('while the store is unavailable the last value serves, and the store is spared', async () => {
    const { cache, store, loads, pass } = prepare({ graceMs: 60_000 });
    await cache.get('a');
    store.answer = busy;

    pass(CACHE_MS);
    const first = await cache.get('a');
    pass(1_999);
    const second = await cache.get('a');
    pass(1);
    await cache.get('a');

    expect([first, second]).toEqual(['a at 0', 'a at 0']);
    expect(loads).toHaveLength(3);
  });

  test('it ends', async () => {
    const { cache, store, pass } = prepare({ graceMs: 60_000 });
    await cache.get('a');
    store.answer = busy;

    pass(CACHE_MS + 60_000);

    await expect(cache.get('a')).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  });

  test('it is for a store that is unavailable, not for one that is wrong', async () => {
    const { cache, store, pass } = prepare({ graceMs: 60_000 });
    await cache.get('a');
    store.answer = () => Promise.reject(new SallyportError('ERR_INTERNAL'));

    pass(CACHE_MS);

    await expect(cache.get('a')).rejects.toMatchObject({ code: 'ERR_INTERNAL' });
  });
});

describe('sessions', () => {
  const prepareSessions = () => {
    let now = 0;
    let stored: ReturnType<typeof session> | null = session({ id: 's', expiresAt: 99_999 });
    let reads = 0;
    let failure: Error | null = null;
    const find = cachedSessions(
      {
        find: async () => {
          reads += 1;
          if (failure) throw failure;
          return stored;
        },
      },
      { now: () => now },
    );
    return {
      find,
      pass: (ms: number) => (now += ms),
      revoke: () => (stored = null),
      fail: () => (failure = new SallyportError('ERR_STORE_UNAVAILABLE')),
      reads: () => reads,
    };
  };

  test('a revoked one is gone after CACHE_MS', async () => {
    const { find, pass, revoke } = prepareSessions();
    await find('s');
    revoke();

    pass(CACHE_MS - 1);
    const before = await find('s');
    pass(1);

    expect(before).not.toBeNull();
    expect(await find('s')).toBeNull();
  });

  test('are never served stale, however unavailable the store is', async () => {
    const { find, pass, fail } = prepareSessions();
    await find('s');
    fail();

    pass(CACHE_MS);

    await expect(find('s')).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  });

  test('ones that do not exist are not kept: made-up cookies push nobody out', async () => {
    const { find, revoke, reads } = prepareSessions();
    revoke();

    await find('x');
    await find('x');

    expect(reads()).toBe(2);
  });
});

test('a host without an application is remembered too', async () => {
  let reads = 0;
  const applicationsOn = async () => {
    reads += 1;
    return [];
  };
  const directory = cachedDirectory({ applicationsOn, publishedAt: async () => [] }, { now: () => 0 });

  await directory.applicationsOn('x');
  await directory.applicationsOn('x');

  expect(reads).toBe(1);
});

describe('tunnels', () => {
  const prepareTunnels = () => {
    let reads = 0;
    const stored = [tunnel({ connectionId: 'a=', seenAt: 0 }), tunnel({ connectionId: 'b=', seenAt: 0 })];
    const tunnels = async () => {
      reads += 1;
      return [...stored];
    };
    const cached = cachedTunnels({ tunnels, connectors: async () => [] }, { now: () => 0 });
    return { cached, stored, reads: () => reads };
  };

  test('one that was gone stays gone, whatever the registry says, and the registry is asked anew', async () => {
    const { cached, reads } = prepareTunnels();
    await cached.tunnels('default');

    cached.forget('default', 'a=');

    expect((await cached.tunnels('default')).map(({ connectionId }) => connectionId)).toEqual(['b=']);
    expect((await cached.freshTunnels('default')).map(({ connectionId }) => connectionId)).toEqual(['b=']);
    expect(reads()).toBe(3);
  });

  test('an empty group is not kept: a connector that comes back is seen at once', async () => {
    const { cached, stored } = prepareTunnels();
    const all = stored.splice(0);
    await cached.tunnels('default');
    stored.push(...all);

    expect(await cached.tunnels('default')).toHaveLength(2);
  });
});
