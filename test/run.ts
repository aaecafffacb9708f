// `npm test`: everything, in the order in which a fault is cheapest to find. The last line sums all suites.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { installDebianPackages } from './support/debian.ts';

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const FAILED: Count = { passed: 0, failed: 1, skipped: 0 };
/** More than these are no accident. */
const ALONE_MAX = 4;

const run = (title: string, command: string, args: string[], env: Record<string, string> = {}): boolean => {
  console.log(`\n── ${title}`);
  return spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } }).status === 0;
};

const total = (counts: readonly Count[]): Count => ({
  passed: counts.reduce((sum, { passed }) => sum + passed, 0),
  failed: counts.reduce((sum, { failed }) => sum + failed, 0),
  skipped: counts.reduce((sum, { skipped }) => sum + skipped, 0),
});

/** A step that is one test by itself. */
const step = (title: string, command: string, args: string[]): Count =>
  run(title, command, args) ? { passed: 1, failed: 0, skipped: 0 } : FAILED;

interface Suite {
  readonly name: string;
  readonly status: 'passed' | 'failed';
  readonly assertionResults: readonly { readonly status: string }[];
}

/** A suite that could not even start has no failed test in it, so it counts as one. */
const countOf = ({ status, assertionResults }: Suite): Count => {
  const number = (wanted: string): number => assertionResults.filter((test) => test.status === wanted).length;
  const failed = number('failed');
  return { passed: number('passed'), failed: status === 'failed' ? Math.max(failed, 1) : failed, skipped: number('pending') };
};

/** Throws when jest left no results. */
const jest = (title: string, args: readonly string[]): Suite[] => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-test-'));
  const output = join(folder, 'results.json');
  try {
    run(title, 'npx', ['jest', '--json', `--outputFile=${output}`, ...args], {
      NODE_OPTIONS: '--experimental-vm-modules --no-warnings',
    });
    return JSON.parse(readFileSync(output, 'utf8')).testResults;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/**
 * All suites. Two share the machine at any time, and one can starve the other past a deadline: the few that fail are judged by a
 * second run, in which each is alone. They are named, since one that is often among them has a fault of its own.
 */
const suites = (): Count => {
  try {
    const first = jest('unit, contract, template, end to end', process.argv.slice(2));
    const failed = first.filter(({ status }) => status === 'failed').map(({ name }) => name);
    if (failed.length === 0 || failed.length > ALONE_MAX) return total(first.map(countOf));

    const second = jest(`once more, each alone: ${failed.map((name) => relative(process.cwd(), name)).join(', ')}`, [
      '--runInBand',
      '--runTestsByPath',
      ...failed,
    ]);
    return total([...first.filter(({ status }) => status !== 'failed'), ...second].map(countOf));
  } catch (error) {
    console.error(`The tests ended without results: ${error}`);
    return FAILED;
  }
};

/** Without them nothing that follows could be trusted. */
const install = (): boolean => {
  try {
    installDebianPackages();
    return true;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return false;
  }
};

const steps = () => [
  step('format and lint', 'npx', ['biome', 'ci', '.']),
  step('types', 'npx', ['tsc']),
  step('build: templates, functions, connector', 'npm', ['run', '--silent', 'build']),
  suites(),
];
const counts = install() ? steps() : [FAILED];

const { passed, failed, skipped } = total(counts);
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
