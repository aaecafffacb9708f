// The bill as tables and a plot.
import { DESIGNS, type DesignName } from '../prior-art/world.ts';
import type { Table } from '../report/page.ts';
import { barPlot } from '../report/plot.ts';
import { type BillLine, dollars } from './bill.ts';
import { size } from './table.ts';

const TITLES: Readonly<Record<DesignName, string>> = {
  sallyport: 'Sallyport',
  'relay-function': 'relay function',
  'database-polling': 'database polling',
};

const answer = ({ bytes, kind }: BillLine): string => `${size(bytes)} of ${kind}`;
const money = (value: number): string => `$${value.toFixed(2)}`;

/** Dollars are those of what is counted, and on top those of Lambda's time, which is the machine's. */
export const billTables = (lines: readonly BillLine[]): Table[] => [
  {
    head: ['response', ...DESIGNS.flatMap((design) => [TITLES[design], 'P50 ms', 'P99 ms'])],
    rows: lines.map((line) => [
      answer(line),
      ...DESIGNS.flatMap((design) => {
        const { units, load } = line.designs[design];
        const counted = dollars({ ...units, 'gb-seconds': 0 });
        return [`${money(counted)} + ${money(dollars(units) - counted)}`, load.p50Ms.toFixed(0), load.p99Ms.toFixed(0)];
      }),
    ]),
  },
  {
    head: ['response', 'way back', 'messages', 'HTTP requests', 'invocations', 'write units', 'read units', 'GB-s × 1000'],
    rows: lines.flatMap((line) =>
      DESIGNS.map((design) => {
        const { units } = line.designs[design];
        const counts = (['websocket-messages', 'http-requests', 'invocations', 'write-units', 'read-units'] as const).map((unit) =>
          units[unit].toFixed(1),
        );
        return [answer(line), TITLES[design], ...counts, (units['gb-seconds'] * 1000).toFixed(0)];
      }),
    ),
  },
];

export const billPlots = (lines: readonly BillLine[]): string[] =>
  DESIGNS.map((design) =>
    barPlot({
      title: `Dollars for a million exchanges: ${TITLES[design]}`,
      unit: '$',
      bars: lines.map((line) => ({ label: answer(line), value: dollars(line.designs[design].units) })),
    }),
  );
