// `npm run bench [-- --rounds N]`: measures, writes load-tests/results/latest.json and prints the tables of docs/performance.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import { measureBill } from './bill.ts';
import { measureCapacity } from './capacity.ts';
import { billTable, capacityTable } from './table.ts';

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));
const ROUNDS_MAX = 100;

const main = async (args: readonly string[]): Promise<void> => {
  const rounds = readRounds(args);
  const measuredAt = new Date().toISOString();
  const machine = {
    processors: `${cpus().length} × ${cpus()[0]?.model}`,
    memoryGigabytes: Math.round(totalmem() / 1024 ** 3),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    /** What else ran in the minute before. */
    loadBefore: loadavg()[0]!,
  };

  const billed = await measureBill();
  const capacity = await measureCapacity(rounds);
  const { processors, memoryGigabytes, system, node, loadBefore } = machine;
  const where = `${processors}, ${memoryGigabytes} GB, ${system}, Node ${node}`;
  console.log(`${measuredAt} · ${where} · load before: ${loadBefore.toFixed(1)} · ${rounds} rounds\n`);
  console.log(`${capacityTable(capacity)}\n\n${billTable(billed)}`);

  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}latest.json`, `${JSON.stringify({ measuredAt, machine, rounds, capacity, billed }, null, 2)}\n`);
};

const readRounds = (args: readonly string[]): number => {
  let text: string;
  try {
    text = parseArgs({ args: [...args], options: { rounds: { type: 'string', default: '5' } } }).values.rounds;
  } catch (error) {
    throw refused((error as Error).message);
  }
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS_MAX)
    throw refused(`--rounds ${text} is no number from 1 to ${ROUNDS_MAX}`);
  return rounds;
};

const refused = (why: string) => new SallyportError('ERR_CONFIGURATION_INVALID', `${why}. Give --rounds N, or nothing for 5.`);

main(process.argv.slice(2)).then(
  () => process.exit(),
  (error: unknown) => {
    const { code, message } = asSallyportError(error);
    console.error(`${code}: ${message}`);
    process.exit(code === 'ERR_CONFIGURATION_INVALID' ? 2 : 1);
  },
);
