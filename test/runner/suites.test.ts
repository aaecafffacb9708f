// What `npm test` makes of suites that fail: which run again, what counts, and what the end of its output says.
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../support/files.ts';
import type { Suite } from './jest.ts';
import { type Asked, type Run, runSuites } from './suites.ts';

const suite = (file: string, statuses: readonly string[], changes: Partial<Suite> = {}): Suite => ({
  name: join(ROOT, file),
  status: statuses.includes('failed') ? 'failed' : 'passed',
  message: '',
  startTime: 0,
  endTime: 1_000,
  assertionResults: statuses.map((status, index) => ({
    status,
    fullName: `${file} ${index + 1}`,
    failureMessages:
      status === 'failed' ? ['\u001b[31mthrown: "Exceeded timeout of 5000 ms\nfor a test."\u001b[39m\n    at x.ts:1', 'more'] : [],
  })),
  ...changes,
});

/** Runs answered in turn, and with what they were asked for. */
const runs = (...results: readonly (readonly Suite[])[]) => {
  const asked: (readonly string[])[] = [];
  const run: Run = (_, args) => {
    asked.push(args);
    return results[asked.length - 1]!;
  };
  return { run, asked };
};

/** One run. */
const ONE: Asked = { asked: ['.'], further: [] };

test('everything is what stands beside the code, then what needs worlds, and counts together', () => {
  const { run, asked } = runs(
    [suite('a.test.ts', ['passed'])],
    [suite('b.test.ts', ['failed', 'passed'])],
    [suite('b.test.ts', ['passed', 'passed'])],
  );

  const { counts, flaky } = runSuites(run, { asked: [], further: ['--some'] });

  expect(asked.slice(0, 2).map((args) => [args[1], args.at(-1)])).toEqual([
    ['unit', '--some'],
    ['whole', '--some'],
  ]);
  expect(counts).toEqual({ passed: 3, failed: 0, skipped: 0 });
  expect(flaky.length).toBe(1);
});

test('when all pass there is one run, with the arguments that were given', () => {
  const { run, asked } = runs([suite('a.test.ts', ['passed', 'pending']), suite('b.test.ts', ['passed'])]);

  const outcome = runSuites(run, { asked: ['lib'], further: ['--some'] });

  expect(asked).toEqual([['lib', '--some']]);
  expect(outcome).toMatchObject({ counts: { passed: 2, failed: 0, skipped: 1 }, flaky: [] });
});

test('what fails runs again by itself; what passes then counts as passed and is named as flaky, with its first reason', () => {
  const { run, asked } = runs(
    [suite('a.test.ts', ['passed']), suite('b.test.ts', ['passed', 'failed']), suite('c.test.ts', ['failed'])],
    [suite('b.test.ts', ['passed', 'passed']), suite('c.test.ts', ['failed'])],
  );

  const { counts, flaky } = runSuites(run, ONE);

  expect(asked[1]).toEqual(['--runInBand', '--runTestsByPath', join(ROOT, 'b.test.ts'), join(ROOT, 'c.test.ts')]);
  expect(counts).toEqual({ passed: 3, failed: 1, skipped: 0 });
  expect(flaky).toEqual(['flaky: b.test.ts: b.test.ts 2: thrown: "Exceeded timeout of 5000 ms']);
});

test('one that could not start is flaky for what it said of itself', () => {
  const message = '\n  ● Test suite failed to run\n\n    Cannot find module ./none.ts\n';
  const { run } = runs([suite('a.test.ts', [], { status: 'failed', message })], [suite('a.test.ts', ['passed'])]);

  expect(runSuites(run, ONE)).toMatchObject({
    counts: { passed: 1, failed: 0 },
    flaky: ['flaky: a.test.ts: Cannot find module ./none.ts'],
  });
});

test('one that never starts is a failure, though no test in it failed', () => {
  const dead = suite('a.test.ts', [], { status: 'failed' });

  expect(runSuites(runs([dead], [dead]).run, ONE)).toMatchObject({ counts: { passed: 0, failed: 1 }, flaky: [] });
});

test('where many fail nothing runs again', () => {
  const failed = ['a', 'b', 'c', 'd', 'e'].map((name) => suite(`${name}.test.ts`, ['failed']));
  const { run, asked } = runs(failed);

  expect(runSuites(run, ONE)).toMatchObject({ counts: { passed: 0, failed: 5 }, flaky: [] });
  expect(asked.length).toBe(1);
});

test('the slowest are named, the slowest first', () => {
  const taking = (file: string, ms: number) => suite(file, ['passed'], { startTime: 500, endTime: 500 + ms });

  const { slowest } = runSuites(runs([taking('a.test.ts', 90), taking('b.test.ts', 61_240)]).run, ONE);

  expect(slowest).toEqual(['   61.2 s  b.test.ts', '    0.1 s  a.test.ts']);
});
