// `npm test`: everything, in the order in which a fault is cheapest to find. The last line sums all suites.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { canInstall, install, installCommand } from './runner/apt.ts';
import { type Count, FAILED, PASSED, succeeded, total } from './runner/counts.ts';
import { runJest, suitesOf } from './runner/jest.ts';
import { type LeftOut, linesOf, preparePackages, without } from './runner/packages.ts';
import { type Outcome, type Run, runSuites } from './runner/suites.ts';
import { missingPackages } from './support/debian.ts';

// Whatever else is installed here, now or by us, this Node runs all of it.
process.env.PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);

const headed = (title: string): void => console.log(`\n── ${title}`);

/** One test by itself. */
const step = (title: string, command: string, ...args: string[]): Count => {
  headed(title);
  return spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0 ? PASSED : FAILED;
};

const prepared = (): LeftOut | null => {
  try {
    return preparePackages({
      ...{ missing: missingPackages, canInstall: canInstall(), install, command: installCommand, suitesOf },
      isCi: process.env.CI === 'true',
      say: (line) => console.log(line),
    });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return null;
  }
};

const suites = (leftOut: LeftOut): Outcome => {
  const run: Run = (title, args) => {
    headed(title);
    return runJest(args);
  };
  try {
    return runSuites(run, { asked: process.argv.slice(2), further: without(leftOut) });
  } catch (error) {
    console.error(`The tests ended without results: ${error}`);
    return { counts: FAILED, slowest: [], flaky: [] };
  }
};

const everything = (leftOut: LeftOut): Count => {
  const steps = [
    step('format and lint', 'npx', 'biome', 'ci', '.'),
    step('types', 'npx', 'tsc'),
    step('build: templates, functions, connector', 'npm', 'run', '--silent', 'build'),
    ...(leftOut.suites.some((suite) => suite.endsWith('/lambda-runtime.test.ts'))
      ? []
      : [step('AWS’s own runtime client, for the functions of the faithful mode', 'npx', 'tsx', 'test/support/aws-runtime.ts')]),
  ];
  const { counts, slowest, flaky } = suites(leftOut);
  console.log(['', 'The slowest suites:', ...slowest, '', ...linesOf(leftOut), ...flaky].join('\n'));
  return total([...steps, counts, { passed: 0, failed: 0, skipped: leftOut.suites.length }]);
};

const leftOut = prepared();
// Where nothing may be left out, nothing that follows could be trusted.
const counts = leftOut === null ? FAILED : everything(leftOut);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = succeeded(counts) ? 0 : 1;
