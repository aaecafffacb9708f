// `npm test`: everything, in the order in which a fault is cheapest to find. The last line sums all suites.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installDebianPackages } from './support/debian.ts';

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const FAILED: Count = { passed: 0, failed: 1, skipped: 0 };

const run = (title: string, command: string, args: string[], env: Record<string, string> = {}): boolean => {
  console.log(`\n── ${title}`);
  return spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } }).status === 0;
};

/** A step that is one test by itself. */
const step = (title: string, command: string, args: string[]): Count =>
  run(title, command, args) ? { passed: 1, failed: 0, skipped: 0 } : FAILED;

const jest = (): Count => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-test-'));
  const output = join(folder, 'results.json');
  try {
    const ended = run(
      'unit, contract, template, end to end',
      'npx',
      ['jest', '--json', `--outputFile=${output}`, ...process.argv.slice(2)],
      {
        NODE_OPTIONS: '--experimental-vm-modules --no-warnings',
      },
    );
    const results = JSON.parse(readFileSync(output, 'utf8'));
    // A suite that could not even start has no failed test in it, so it counts as one.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    return { passed: results.numPassedTests, failed: ended ? failed : Math.max(failed, 1), skipped: results.numPendingTests };
  } catch (error) {
    console.error(`The tests ended without results: ${error}`);
    return FAILED;
  } finally {
    rmSync(folder, { recursive: true, force: true });
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
  jest(),
];
const counts = install() ? steps() : [FAILED];

const sum = (key: keyof Count): number => counts.reduce((total, count) => total + count[key], 0);
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
process.exitCode = sum('failed') === 0 && sum('passed') > 0 ? 0 : 1;
