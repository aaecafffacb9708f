import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SallyportError } from '../../protocol/errors.ts';
import { createDirectory } from '../stores/directory.ts';
import type { Application } from '../stores/records.ts';
import { createTable } from '../stores/table.ts';
import { read, startWorld, type World, wiki } from './testing/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

describe('applications', () => {
  test('are applied, and given back normalised', async () => {
    const applied = await world.call('PUT', 'applications', { applications: [wiki] });
    const listed = await world.call('GET', 'applications');

    expect([applied.statusCode, read(applied)]).toEqual([200, { written: ['wiki'], removed: [] }]);
    expect(read<{ applications: Application[] }>(listed).applications).toMatchObject([
      { id: 'wiki', host: 'wiki.apps.example.com', timeoutMs: 85_000 },
    ]);
    expect(world.lines[0]).toMatchObject({ event: 'control.applications-applied', written: ['wiki'], removed: [] });
  });

  test('one that is left out is removed', async () => {
    await world.call('PUT', 'applications', { applications: [wiki] });

    const applied = await world.call('PUT', 'applications', { applications: [] });

    expect(read(applied)).toEqual({ written: [], removed: ['wiki'] });
  });

  test('with one fault nothing is written, and every fault is told', async () => {
    const broken = { ...wiki, id: 'b', externalUrl: 'https://b.example.org/', timeout: 0 };

    const answer = await world.call('PUT', 'applications', { applications: [wiki, broken] });

    expect(answer.statusCode).toBe(400);
    const problem = read<{ code: string; detail: string; faults: Array<{ path: string }> }>(answer);
    expect(problem.code).toBe('ERR_CONFIGURATION_INVALID');
    expect(problem.faults.map(({ path }) => path)).toEqual(['applications[1].externalUrl', 'applications[1].timeout']);
    expect(problem.detail).toContain('Nothing was changed');
    expect(await world.directory.applications()).toEqual([]);
  });

  test('a claim that is not deployed cannot be used', async () => {
    const answer = await world.call('PUT', 'applications', {
      applications: [{ ...wiki, singleSignOn: { method: 'headers', headers: { 'X-Department': 'department' } } }],
    });

    expect(read<{ faults: Array<{ path: string }> }>(answer).faults[0]?.path).toBe('applications[0].singleSignOn.headers.X-Department');
  });

  test('a write that fails is answered in full, with what the applications are now', async () => {
    await world.call('PUT', 'applications', { applications: [wiki] });
    const table = createTable(world.tables.client, world.tableName);
    const put = async () => {
      throw new SallyportError('ERR_STORE_UNAVAILABLE', 'Table t throttles.');
    };
    world.directory = createDirectory({ table: { ...table, put }, pause: async () => {} });

    const answer = await world.call('PUT', 'applications', {
      applications: [wiki, { ...wiki, id: 'new', externalUrl: 'https://new.apps.example.com/' }],
    });

    expect(answer.statusCode).toBe(503);
    expect(read<{ detail: string }>(answer).detail).toBe('Table t throttles. The applications are as they were: apply again.');
    expect(await world.directory.applications()).toMatchObject([{ id: 'wiki' }]);
  });

  test('an item that cannot be read is repaired by applying', async () => {
    const table = createTable(world.tables.client, await world.tables.create());
    world.directory = createDirectory({ table });
    await table.put({ pk: 'host#wiki.apps.example.com', sk: '/', id: 'wiki' });

    const answer = await world.call('PUT', 'applications', { applications: [wiki] });

    expect([answer.statusCode, read(answer)]).toEqual([200, { written: ['wiki'], removed: [] }]);
    expect(await world.directory.applications()).toMatchObject([{ id: 'wiki', name: 'Wiki' }]);
  });
});
