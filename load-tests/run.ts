// `npm run load -- --ready-file FILE [--scenario NAME]`: an Artillery scenario against a running simulator, or with `--target URL` against a
// deployed stack, as a user who signs in through the real pages. Artillery is installed here on first use. Ends with 1 when a threshold is missed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { asSallyportError } from '../protocol/errors.ts';
import { bundleSteps } from './bundle-steps.ts';
import { readOptions } from './options.ts';
import { type LoadResults, loadPage } from './report/load-page.ts';
import { readReport } from './report/load-report.ts';
import { machine } from './report/machine.ts';
import { writeResults } from './report/results.ts';
import { findLoadTarget } from './target.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** Apart from our own code, which would otherwise find Artillery's packages before ours. */
const INSTALLED = join(HERE, 'artillery');
const ARTILLERY = join(INSTALLED, 'node_modules/.bin/artillery');

const main = async (args: readonly string[]): Promise<number> => {
  const options = readOptions(args);
  const target = await findLoadTarget(options, process.env);
  if (!existsSync(ARTILLERY)) execFileSync('npm', ['ci'], { cwd: INSTALLED, stdio: 'inherit' });

  await bundleSteps(join(HERE, 'steps/steps.ts'), join(HERE, 'dist/steps.mjs'));
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-load-'));
  const output = join(folder, 'report.json');
  const scenario = join(HERE, 'scenarios', `${options.scenario}.yml`);
  try {
    const { status } = spawnSync(ARTILLERY, ['run', '--config', join(HERE, 'config.yml'), '--output', output, scenario], {
      stdio: 'inherit',
      env: {
        ...process.env,
        ...target,
        ARTILLERY_DISABLE_TELEMETRY: 'true',
        NODE_OPTIONS: `--no-warnings --import ${pathToFileURL(join(HERE, 'localhost-names.mjs'))}`,
        // One: steps wait for each other.
        WORKERS: '1',
      },
    });
    if (existsSync(output)) {
      const report = readReport(JSON.parse(readFileSync(output, 'utf8')), options.scenario);
      // A stack is told by its name; whoever signed in and how is not.
      const results: LoadResults = {
        kind: 'load',
        measuredAt: new Date().toISOString(),
        machine: machine(),
        target: target.LOAD_TARGET,
        passed: status === 0,
        report,
      };
      writeResults(results, loadPage(results));
    }
    return status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    const { code, message } = asSallyportError(error);
    console.error(`${code}: ${message}`);
    process.exitCode = code === 'ERR_CONFIGURATION_INVALID' ? 2 : 1;
  },
);
