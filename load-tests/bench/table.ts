// How tables are written, and that of capacity.

import type { Table } from '../report/page.ts';
import { type Capacity, ENTRA } from './capacity.ts';

/** As docs/performance.md has it. */
export const markdown = ({ head, rows }: Table): string =>
  [head, head.map((_, column) => (column === 0 ? '---' : '--:')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

export const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

export const size = (bytes: number): string => (bytes < 1024 ** 2 ? `${bytes / 1024} KB` : `${bytes / 1024 ** 2} MB`);

export const capacityTable = (results: readonly Capacity[]): Table => {
  const entra = ['Entra’s connector, 2 cores, size not told', whole(ENTRA.perSecond), '', '', String(ENTRA.p99Ms), '', '', ''];
  const rows = results.flatMap(({ bytes, bare, connector, p99AtRateMs, cpuMicroseconds, residentMegabytes, least }) => [
    [`bare origin, ${size(bytes)}`, whole(bare.perSecond), '1.00', bare.p99Ms.toFixed(1), '', '', '', ''],
    [
      `Sallyport’s connector, ${size(bytes)}`,
      whole(connector.perSecond),
      (connector.perSecond / bare.perSecond).toFixed(2),
      connector.p99Ms.toFixed(1),
      p99AtRateMs?.toFixed(1) ?? 'machine too busy',
      whole(cpuMicroseconds),
      whole(1e6 / cpuMicroseconds),
      whole(residentMegabytes),
    ],
    [
      `the least connector, ${size(bytes)}`,
      whole(least.perSecond),
      (least.perSecond / bare.perSecond).toFixed(2),
      least.p99Ms.toFixed(1),
      '',
      whole(least.cpuMicroseconds),
      whole(1e6 / least.cpuMicroseconds),
      '',
    ],
  ]);
  const head = [
    'response',
    'exchanges/s',
    '× bare origin',
    'P99 ms',
    `P99 ms at ${ENTRA.perSecond}/s`,
    'CPU µs/exchange',
    'exchanges/s of a core',
    'memory MB',
  ];
  return { head, rows: [...rows, entra] };
};
