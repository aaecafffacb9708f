// `npm run bench [-- --only PART,…] [--rounds N]`: measures, prints the tables of docs/performance.md and writes results, as JSON and as a page.
import { parseArgs } from 'node:util';
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import { machine, where } from '../report/machine.ts';
import { page } from '../report/page.ts';
import { writeResults } from '../report/results.ts';
import { type Measured, PARTS } from './parts.ts';
import { markdown } from './table.ts';

const ROUNDS_MAX = 100;

const main = async (args: readonly string[]): Promise<void> => {
  const { rounds, names } = readOptions(args);
  const run = { kind: 'bench', measuredAt: new Date().toISOString(), machine: machine(), rounds };
  const told = `${run.measuredAt} · ${where(run.machine)} · ${rounds} rounds`;
  console.log(told);

  const measured: Array<readonly [name: string, Measured]> = [];
  for (const name of names) {
    const startedAt = performance.now();
    const part = await PARTS[name]!.measure(rounds);
    measured.push([name, part]);
    console.log(`\n## ${PARTS[name]!.title} (${Math.round((performance.now() - startedAt) / 1000)} s)`);
    for (const table of part.tables) console.log(`\n${markdown(table)}`);
  }

  const results = { ...run, parts: Object.fromEntries(measured.map(([name, { result }]) => [name, result])) };
  const sections = measured.map(([name, { tables, plots }]) => ({ title: PARTS[name]!.title, tables, plots }));
  writeResults(results, page('Benchmark', [told], sections));
};

const readOptions = (args: readonly string[]): { readonly rounds: number; readonly names: readonly string[] } => {
  let values: { readonly rounds: string; readonly only?: string | undefined };
  try {
    values = parseArgs({ args: [...args], options: { rounds: { type: 'string', default: '5' }, only: { type: 'string' } } }).values;
  } catch (error) {
    throw refused((error as Error).message);
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS_MAX) {
    throw refused(`--rounds ${values.rounds} is no number from 1 to ${ROUNDS_MAX}`);
  }
  const names = values.only?.split(',') ?? Object.keys(PARTS);
  const unknown = names.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0) throw refused(`--only ${unknown.join(',')} is no part; there are ${Object.keys(PARTS).join(', ')}`);
  return { rounds, names };
};

const refused = (why: string) =>
  new SallyportError('ERR_CONFIGURATION_INVALID', `${why}. Give --rounds N (else 5) and --only PART,… (else all).`);

main(process.argv.slice(2)).then(
  () => process.exit(),
  (error: unknown) => {
    const { code, message } = asSallyportError(error);
    console.error(`${code}: ${message}`);
    process.exit(code === 'ERR_CONFIGURATION_INVALID' ? 2 : 1);
  },
);
