// The page of a load test.
import type { LoadReport } from './load-report.ts';
import { type Machine, where } from './machine.ts';
import { page } from './page.ts';
import { barPlot, linePlot, rounded } from './plot.ts';

export interface LoadResults {
  readonly kind: 'load';
  readonly measuredAt: string;
  readonly machine: Machine;
  readonly target: string;
  /** Whether every threshold was met. */
  readonly passed: boolean;
  readonly report: LoadReport;
}

const QUANTILES = ['min', 'p50', 'p75', 'p90', 'p95', 'p99', 'max'] as const;

export const loadPage = ({ measuredAt, machine, target, passed, report }: LoadResults): string => {
  const { scenario, measure, counters, latencies, periods } = report;
  const over = (pick: (period: LoadReport['periods'][number]) => number | null) =>
    periods.flatMap((period) => {
      const value = pick(period);
      return value === null ? [] : [[period.at, value] as const];
    });
  const time = 'seconds';
  const distributions = Object.entries(latencies).map(([name, quantiles]) =>
    barPlot({ title: `How long it took: ${name}`, unit: 'ms', bars: QUANTILES.map((label) => ({ label, value: quantiles[label] })) }),
  );
  const overTime = [
    linePlot({
      title: `Time of ${measure}`,
      x: time,
      y: 'ms',
      series: [
        { name: 'P50', points: over(({ p50Ms }) => p50Ms) },
        { name: 'P99', points: over(({ p99Ms }) => p99Ms) },
      ],
    }),
    linePlot({ title: 'Throughput', x: time, y: 'a second', series: [{ name: measure, points: over(({ perSecond }) => perSecond) }] }),
    linePlot({ title: 'Errors', x: time, y: 'in ten seconds', series: [{ name: 'errors', points: over(({ failed }) => failed) }] }),
  ];
  const rows = Object.entries(counters).map(([name, amount]) => [name, rounded(amount)]);
  return page(
    `Load test: ${scenario}`,
    [`${target} · ${measuredAt} · ${passed ? 'every threshold was met' : 'a threshold was missed'}`, where(machine)],
    [
      { title: 'Distribution', plots: distributions },
      { title: 'Over time', plots: overTime },
      { title: 'Counted', plots: [], tables: [{ head: ['what', 'how often'], rows }] },
    ],
  );
};
