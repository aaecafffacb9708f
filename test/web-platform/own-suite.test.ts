// Scripts of our own, in the shape of web-platform-tests and by the same runner, directly and through the whole path: what they see of a WebSocket,
// event by event, must be the same to the letter.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { compare } from './compare.ts';
import { OWN_SUITE, startOwnSuite } from './own-suite.ts';
import { testPages } from './pages.ts';
import type { Subtest } from './run.ts';
import { type SuiteServer, startSuiteServer } from './server.ts';
import { differences, fileRows, markdown } from './table.ts';

let suite: SuiteServer;

beforeAll(async () => {
  suite = await startOwnSuite();
});
afterAll(() => suite?.dispose());

test('a page sees the same of a WebSocket through the platform as without it', async () => {
  const pages = testPages(OWN_SUITE, 'websockets');

  const { direct, through } = await compare(suite, false, pages, () => undefined);

  expect(seen(through)).toEqual(seen(direct));
  expect(direct.filter(({ passed }) => !passed)).toEqual([]);
  expect(direct.length).toBeGreaterThan(90);
}, 300_000);

test('results that differ are told, file by file and one by one', () => {
  const result = (file: string, name: string, passed: boolean): Subtest => ({
    page: `/${file}`,
    file,
    name,
    passed,
    message: passed ? '' : 'no | such\nthing',
  });
  const direct = [result('a.html', 'one', true), result('a.html', 'two', true), result('b.html', 'three', false)];
  const through = [result('a.html', 'one', true), result('a.html', 'two', false), result('b.html', 'four', true)];

  const [rows, found] = [fileRows(direct, through), differences(direct, through)];

  expect(rows).toEqual([
    { file: 'a.html', subtests: 2, direct: 2, through: 1 },
    { file: 'b.html', subtests: 2, direct: 0, through: 1 },
  ]);
  expect(found).toEqual([
    { page: '/a.html', name: 'two', passes: 'direct', message: 'no | such\nthing' },
    { page: '/b.html', name: 'four', passes: 'through', message: 'not reported' },
  ]);
  expect(markdown(rows, found)).toContain('| /a.html | two | direct | no \\| such thing |');
});

test('a folder that is no checkout is refused', async () => {
  await expect(startSuiteServer(OWN_SUITE)).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION_INVALID',
    message: expect.stringContaining('checkout'),
  });
});

const seen = (results: readonly Subtest[]) => results.map(({ page, name, message }) => ({ page, name, message: JSON.parse(message) }));
