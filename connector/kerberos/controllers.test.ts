import { beforeEach, describe, expect, test } from '@jest/globals';
import { Controllers } from './controllers.ts';
import { parseController } from './realms.ts';

let silent: Set<string>;
let asked: string[];
let records: Record<string, string[]>;

const create = (...named: string[]) =>
  new Controllers({
    named: named.map(parseController),
    resolve: async (realm) => records[realm] ?? Promise.reject(new Error('ENOTFOUND')),
    probe: async (host) => {
      asked.push(host);
      if (silent.has(host)) throw new Error('silent');
      return { time: 0, error: 25 };
    },
  });
const hosts = async (controllers: Controllers, ...realms: string[]) => (await controllers.of(realms)).map(({ host }) => host);

beforeEach(() => {
  silent = new Set();
  asked = [];
  records = {};
});

describe('the domain controllers', () => {
  test('are those that were named, in their order; DNS tells of realms without any', async () => {
    records = { 'BRANCH.EXAMPLE': ['b1:88', 'b2:88'], 'CORP.EXAMPLE': ['not', 'asked'] };

    expect(await hosts(create('CORP.EXAMPLE=c1', 'CORP.EXAMPLE=c2'), 'CORP.EXAMPLE', 'BRANCH.EXAMPLE', 'NONE.EXAMPLE')).toEqual([
      'c1',
      'c2',
      'b1:88',
      'b2:88',
    ]);
  });

  test('that answer come first after one has not; it comes back when it answers again', async () => {
    const controllers = create('CORP.EXAMPLE=c1', 'CORP.EXAMPLE=c2', 'CORP.EXAMPLE=c3');
    await controllers.of(['CORP.EXAMPLE']);
    silent.add('c1');

    const [first, second] = [await controllers.reorder('svc'), await controllers.reorder('svc')];
    const after = await hosts(controllers, 'CORP.EXAMPLE');
    silent = new Set(['c2', 'c3']);
    const third = await controllers.reorder('svc');

    expect([first, second, third]).toEqual([true, false, true]);
    expect(after).toEqual(['c2', 'c3', 'c1']);
    expect(await hosts(controllers, 'CORP.EXAMPLE')).toEqual(['c1', 'c2', 'c3']);
  });

  test('are looked up again when none answers: there may be new ones', async () => {
    records = { 'CORP.EXAMPLE': ['old:88', 'older:88'] };
    const controllers = create();
    await controllers.of(['CORP.EXAMPLE']);
    records = { 'CORP.EXAMPLE': ['new:88', 'old:88'] };

    expect(await controllers.reorder('svc')).toBe(true);
    expect(await hosts(controllers, 'CORP.EXAMPLE')).toEqual(['new:88', 'old:88']);
  });

  test('are not asked where there is one alone', async () => {
    const controllers = create('CORP.EXAMPLE=c1');
    await controllers.of(['CORP.EXAMPLE']);

    expect(await controllers.reorder('svc')).toBe(false);
    expect(asked).toEqual([]);
  });
});
