// The parts of the benchmark by their names: how each is measured and shown.
import type { Table } from '../report/page.ts';
import { barPlot } from '../report/plot.ts';
import { measureBill } from './bill.ts';
import { billPlots, billTables } from './bill-table.ts';
import { measureCapacity } from './capacity.ts';
import { measurePath } from './path/path.ts';
import { pathPlots, pathTables } from './path/path-table.ts';
import { measureRecovery } from './recovery.ts';
import { recoveryPlots, recoveryTables } from './recovery-table.ts';
import { measureScale } from './scale/scale.ts';
import { scalePlots, scaleTables } from './scale/scale-table.ts';
import { measureSockets } from './sockets/sockets.ts';
import { socketPlots, socketTables } from './sockets/sockets-table.ts';
import { capacityTable, size } from './table.ts';
import { modelTime, timePlots, timeTables } from './time.ts';

export interface Measured {
  /** As it was measured. */
  readonly result: unknown;
  readonly tables: readonly Table[];
  readonly plots: readonly string[];
}

export interface Part {
  readonly title: string;
  readonly measure: (rounds: number) => Promise<Measured>;
}

const part = <Result>(
  title: string,
  measure: (rounds: number) => Promise<Result>,
  tables: (result: Result) => readonly Table[],
  plots: (result: Result) => readonly string[],
): Part => ({
  title,
  measure: async (rounds) => {
    const result = await measure(rounds);
    return { result, tables: tables(result), plots: plots(result) };
  },
});

export const PARTS: Readonly<Record<string, Part>> = {
  bill: part('What a million exchanges cost', measureBill, billTables, billPlots),
  capacity: part(
    'What one connector carries',
    measureCapacity,
    (results) => [capacityTable(results)],
    (results) => [
      barPlot({
        title: 'CPU for an exchange',
        unit: 'µs',
        bars: results.flatMap(({ bytes, cpuMicroseconds, least }) => [
          { label: `Sallyport’s connector, ${size(bytes)}`, value: cpuMicroseconds },
          { label: `the least connector, ${size(bytes)}`, value: least.cpuMicroseconds },
        ]),
      }),
    ],
  ),
  path: part('The whole path on one machine', measurePath, pathTables, pathPlots),
  time: part('Time on AWS, modelled', modelTime, timeTables, timePlots),
  scale: part('Scale', measureScale, scaleTables, scalePlots),
  sockets: part('Bulk over a WebSocket', measureSockets, socketTables, socketPlots),
  recovery: part('Detection and recovery', measureRecovery, recoveryTables, recoveryPlots),
};
