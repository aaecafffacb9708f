// `npm run load`: Artillery's scenarios against a simulator of their own, with `--ready-file FILE` against one that runs, with `--target URL`
// against a deployed stack, as a user who signs in through the real pages. Ends with 1 when a threshold is missed.
import { resolve } from 'node:path';
import { asSallyportError } from '../protocol/errors.ts';
import { startWorld } from '../test/support/world.ts';
import { type LoadOptions, readOptions, USAGE } from './options.ts';
import { type LoadResults, loadPage } from './report/load-page.ts';
import type { LoadReport } from './report/load-report.ts';
import { machine } from './report/machine.ts';
import { RESULTS, writeResults } from './report/results.ts';
import { createRunner } from './runner.ts';
import { findLoadTarget } from './target.ts';

/** Builds what it runs. Two connectors: one is lost. */
const OWN_SIMULATOR = ['--tenant', 'tenants/local.yaml', '--connectors', '2'];

const main = async (args: readonly string[]): Promise<number> => {
  const options = readOptions(args);
  if (options === null) {
    console.log(USAGE);
    return 0;
  }
  if (options.target !== undefined || options['ready-file'] !== undefined) return load(options);
  console.log('Starting a simulator for this run: --ready-file FILE takes one that runs, --target URL a deployed stack.');
  const world = await startWorld(...OWN_SIMULATOR);
  try {
    return await load({ ...options, 'ready-file': world.readyFile });
  } finally {
    await world.dispose();
  }
};

const load = async (options: LoadOptions): Promise<number> => {
  const run = { kind: 'load', measuredAt: new Date().toISOString(), machine: machine() } as const;
  const { variables, scenarios, leftOut, authority } = await findLoadTarget(options, process.env);
  for (const { scenario, why } of leftOut) console.log(`Left out: ${scenario}. ${why}`);

  const runner = await createRunner(variables, authority);
  const reports: LoadResults['scenarios'][number][] = [];
  try {
    for (const scenario of scenarios) {
      console.log(`\n── ${scenario}`);
      const report = await runner.run(scenario);
      reports.push(report);
      console.log(words(report));
    }
  } finally {
    runner.dispose();
  }
  // A stack is told by its name; whoever signed in and how is not.
  const passed = reports.every((report) => report.passed);
  const results: LoadResults = { ...run, target: variables.LOAD_TARGET, passed, scenarios: reports, leftOut };
  console.log(`\n${reports.filter((report) => report.passed).length} of ${reports.length} scenarios met every threshold.`);
  writeResults(results, loadPage(results), options.results === undefined ? RESULTS : resolve(options.results));
  return passed ? 0 : 1;
};

const words = ({ passed, demands, counters }: LoadReport): string =>
  [
    ...demands.map(({ demanded, measured, met }) => `${met ? 'met   ' : 'missed'}  ${demanded}: ${measured ?? 'nothing was measured'}`),
    ...Object.entries(counters).flatMap(([name, amount]) => (name.startsWith('errors.') ? [`        ${name}: ${amount}`] : [])),
    passed ? 'Every threshold was met.' : 'A threshold was missed.',
  ].join('\n');

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
