// All suites and what is said of them at the end: which are flaky, which took long.
import { relative } from 'node:path';
import { ROOT } from '../support/files.ts';
import { type Count, total } from './counts.ts';
import type { Assertion, Suite } from './jest.ts';

/** More than these are no accident. */
const ALONE_MAX = 4;
const SLOWEST_MAX = 12;

export interface Outcome {
  readonly counts: Count;
  /** For the end of the output, a line each. */
  readonly slowest: readonly string[];
  readonly flaky: readonly string[];
}

export interface Asked {
  /** Arguments for jest. None: everything. */
  readonly asked: readonly string[];
  /** Besides, however much is run. */
  readonly further: readonly string[];
}

export type Run = (title: string, args: readonly string[]) => readonly Suite[];

/** The tests beside the code. */
export const UNIT = ['--selectProjects', 'unit', '--maxWorkers', '100%'];
/** Those with a world leave cores to it (jest.config.js). */
const PHASES: ReadonlyArray<readonly [title: string, args: readonly string[]]> = [
  ['unit', UNIT],
  ['contract, security, end to end', ['--selectProjects', 'whole']],
];

/**
 * Several may share the machine, and one can starve another past a deadline: the few that fail are judged by a second run, in which each is
 * alone. They are named as flaky, with the reason, since one that is often among them has a fault of its own.
 */
export const runSuites = (run: Run, { asked, further }: Asked): Outcome => {
  const phases = asked.length > 0 ? [['what was asked for', asked] as const] : PHASES;
  const first = phases.flatMap(([title, args]) => run(title, [...args, ...further]));
  const slowest = slowestOf(first);
  const failed = first.filter(({ status }) => status === 'failed');
  if (failed.length === 0 || failed.length > ALONE_MAX) return { counts: total(first.map(countOf)), slowest, flaky: [] };

  const title = `once more, each alone: ${failed.map(fileOf).join(', ')}`;
  const second = run(title, ['--runInBand', '--runTestsByPath', ...failed.map(({ name }) => name)]);
  const passed = new Set(second.filter(({ status }) => status === 'passed').map(({ name }) => name));
  return {
    counts: total([...first.filter(({ status }) => status !== 'failed'), ...second].map(countOf)),
    slowest,
    flaky: failed.filter(({ name }) => passed.has(name)).map((suite) => `flaky: ${fileOf(suite)}: ${reasonOf(suite)}`),
  };
};

/** A suite that could not even start has no failed test in it, so it counts as one. */
const countOf = ({ status, assertionResults }: Suite): Count => {
  const number = (wanted: string): number => assertionResults.filter((test) => test.status === wanted).length;
  const failed = number('failed');
  return { passed: number('passed'), failed: status === 'failed' ? Math.max(failed, 1) : failed, skipped: number('pending') };
};

const fileOf = ({ name }: Suite): string => relative(ROOT, name);

const slowestOf = (suites: readonly Suite[]): readonly string[] =>
  [...suites]
    .sort((one, other) => durationOf(other) - durationOf(one))
    .slice(0, SLOWEST_MAX)
    .map((suite) => `${(durationOf(suite) / 1000).toFixed(1).padStart(7)} s  ${fileOf(suite)}`);

const durationOf = ({ startTime, endTime }: Suite): number => endTime - startTime;

/** The first test that failed and the first line of why; of a suite that did not start, that of the suite. */
const reasonOf = ({ message, assertionResults }: Suite): string => {
  const found: Assertion | undefined = assertionResults.find(({ status }) => status === 'failed');
  return found === undefined ? firstLine(message) : `${found.fullName}: ${firstLine(found.failureMessages.join('\n'))}`;
};

const firstLine = (text: string): string =>
  plain(text)
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('●')) ?? 'it did not say why';

/** Without the colours of a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one.
const plain = (text: string): string => text.replace(/\x1b\[[\d;]*m/g, '');
