import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { read, startWorld, type World } from './testing/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

describe('links', () => {
  const line = (page: string, count: number, more: object = {}) => ({
    event: 'links.found',
    application: 'wiki',
    page,
    links: [
      { target: 'http://wiki.corp', published: 'wiki', count, places: { markup: count }, examples: [`http://wiki.corp/${count}`], ...more },
    ],
  });

  test('that the router found on pages of an application are summed up', async () => {
    const other = { target: 'http://files.corp', published: null, count: 9, places: { scripts: 9 }, examples: [] };
    const lines = [line('w/a', 1), line('w/b', 2, { places: { markup: 1, scripts: 1 } }), { ...line('w/c', 1), links: [other] }];
    world.pages = [{ lines: [...lines, { links: 'of another version' }, { links: [null, {}] }], next: 'more' }];

    const answer = await world.call('GET', 'links/wiki?from=1000&to=2000');

    expect(world.searched).toEqual([{ fields: [{ event: 'links.found', application: 'wiki' }], from: 1000, to: 2000, next: undefined }]);
    expect(read(answer)).toEqual({
      exchanges: 5,
      next: 'more',
      links: [
        { ...other, pages: ['w/c'] },
        {
          target: 'http://wiki.corp',
          published: 'wiki',
          count: 3,
          places: { markup: 2, scripts: 1 },
          examples: ['http://wiki.corp/1', 'http://wiki.corp/2'],
          pages: ['w/a', 'w/b'],
        },
      ],
    });
  });

  test('need a time to look at', async () => {
    expect((await world.call('GET', 'links/wiki?from=1')).statusCode).toBe(400);
    expect(world.searched).toEqual([]);
  });
});

describe('exchanges', () => {
  const finished = { time: '2026-11-24T10:00:05.000Z', event: 'exchange.finished', request: 'r-9', exchange: 'second', ms: 5000 };
  const retried = { time: '2026-11-24T10:00:01.000Z', event: 'exchange.retried', request: 'r-9', exchange: 'first', ms: 1000 };

  test('are found by their id or their request’s, with every attempt of the same request', async () => {
    world.pages = [
      { lines: [finished], next: null },
      { lines: [retried, finished], next: null },
    ];

    const answer = await world.call('GET', 'exchanges/second?from=1000&to=2000');

    expect(read(answer)).toEqual({ lines: [retried, finished], next: null });
    expect(world.searched).toEqual([
      { fields: [{ exchange: 'second' }, { request: 'second' }], from: 1000, to: 2000, next: undefined },
      { fields: [{ request: 'r-9' }], from: Date.parse(finished.time) - 6000, to: Date.parse(finished.time) + 1000 },
    ]);
  });

  test('that an attempt began are looked for as long as a request can take', async () => {
    world.pages = [{ lines: [retried], next: null }];

    await world.call('GET', 'exchanges/first?from=1000&to=2000');

    expect(world.searched[1]).toMatchObject({ from: Date.parse(retried.time) - 2000, to: Date.parse(retried.time) + 960_000 });
  });

  test('that are not found yet are looked for further with the token', async () => {
    world.pages = [{ lines: [], next: 'token/+=' }];

    const answer = await world.call('GET', `exchanges/x?from=1&to=2&next=${encodeURIComponent('before/+=')}`);

    expect(read(answer)).toEqual({ lines: [], next: 'token/+=' });
    expect(world.searched).toMatchObject([{ next: 'before/+=' }]);
  });

  test.each(['exchanges/x', 'exchanges/x?from=a&to=2', 'exchanges/x?from=1&to=-2', 'exchanges/x?from=&to=1e3'])(
    'need a time to look at: %s',
    async (path) => {
      const answer = await world.call('GET', path);

      expect([answer.statusCode, read<{ code: string }>(answer).code]).toEqual([400, 'ERR_REQUEST_INVALID']);
      expect(world.searched).toEqual([]);
    },
  );
});
