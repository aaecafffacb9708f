// Runs one scenario after the other by Artillery, which is installed here on first use, apart from our own code: that would otherwise find its packages before ours.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { SallyportError } from '../protocol/errors.ts';
import { bundleSteps } from './bundle-steps.ts';
import { type LoadReport, readReport, readSamples } from './report/load-report.ts';
import type { LoadTarget } from './target.ts';
import type { LoadVariables } from './variables.ts';

export interface Runner {
  /** Resolves when it has ended. Throws when it left no report. */
  run(scenario: string): Promise<LoadReport>;
  dispose(): void;
}

const HERE = fileURLToPath(new URL('.', import.meta.url));
const INSTALLED = join(HERE, 'artillery');
const ARTILLERY = join(INSTALLED, 'node_modules/.bin/artillery');
const HOOKS = pathToFileURL(join(HERE, '../simulator/local-names.mjs'));

/** `authority`: PEM to trust besides the public ones. */
export const createRunner = async (target: LoadTarget['variables'], authority: string | null): Promise<Runner> => {
  if (!existsSync(ARTILLERY)) execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: INSTALLED, stdio: 'inherit' });
  await bundleSteps(join(HERE, 'steps/steps.ts'), join(HERE, 'dist/steps.mjs'));
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-load-'));
  const trusted = join(folder, 'authority.pem');
  if (authority !== null) writeFileSync(trusted, authority);

  const run = async (scenario: string): Promise<LoadReport> => {
    const file = join(HERE, 'scenarios', `${scenario}.yml`);
    const output = join(folder, `${scenario}.json`);
    const variables: LoadVariables = { ...target, LOAD_SAMPLES: join(folder, `${scenario}.samples`) };
    writeFileSync(variables.LOAD_SAMPLES, '');
    // Not by a call that blocks: a simulator of this run's own is heard meanwhile.
    const child = spawn(ARTILLERY, ['run', '--quiet', '--config', join(HERE, 'config.yml'), '--output', output, file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...variables,
        ...(authority !== null && { NODE_EXTRA_CA_CERTS: trusted }),
        ARTILLERY_DISABLE_TELEMETRY: 'true',
        NODE_OPTIONS: `--no-warnings --import ${HOOKS}`,
        // One: steps wait for each other.
        WORKERS: '1',
      },
    });
    const [status] = await once(child, 'close');
    if (!existsSync(output))
      throw new SallyportError('ERR_INTERNAL', `Artillery ended with ${status} and without a report of ${scenario}.`);
    const samples = readSamples(readFileSync(variables.LOAD_SAMPLES, 'utf8'));
    const { ensure } = parse(readFileSync(file, 'utf8')).config;
    return readReport({ scenario, passed: status === 0, ensure, artillery: JSON.parse(readFileSync(output, 'utf8')), samples });
  };
  return { run, dispose: () => rmSync(folder, { recursive: true, force: true }) };
};
