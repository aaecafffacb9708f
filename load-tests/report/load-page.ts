// The page of a load test.
import type { LoadReport, Second } from './load-report.ts';
import { type Machine, where } from './machine.ts';
import { page, type Section, type Table } from './page.ts';
import { barPlot, linePlot, rounded } from './plot.ts';

export interface LoadResults {
  readonly kind: 'load';
  readonly measuredAt: string;
  readonly machine: Machine;
  readonly target: string;
  /** Whether every threshold of every scenario was met. */
  readonly passed: boolean;
  readonly scenarios: readonly LoadReport[];
  readonly leftOut: ReadonlyArray<{ readonly scenario: string; readonly why: string }>;
}

const QUANTILES = ['min', 'p50', 'p75', 'p90', 'p95', 'p99', 'max'] as const;

export const loadPage = ({ measuredAt, machine, target, passed, scenarios, leftOut }: LoadResults): string =>
  page(
    'Load test',
    [`${target} · ${measuredAt} · ${passed ? 'every threshold was met' : 'a threshold was missed'}`, where(machine)],
    [
      { title: 'Scenarios', plots: [], tables: [overview(scenarios), ...(leftOut.length > 0 ? [omissions(leftOut)] : [])] },
      ...scenarios.map(section),
    ],
  );

const verdict = (passed: boolean): string => (passed ? '✓ met' : '✗ missed');

const overview = (scenarios: LoadResults['scenarios']): Table => ({
  head: ['scenario', 'thresholds', 'measure', 'count', 'P50 ms', 'P95 ms', 'P99 ms', 'errors'],
  rows: scenarios.map(({ scenario, passed, measure, latencies, seconds }) => {
    const { count = 0, p50, p95, p99 } = latencies[measure] ?? {};
    const times = [p50, p95, p99].map((value) => (value === undefined ? '' : rounded(value)));
    const errors = seconds.reduce((sum, second) => sum + second.errors, 0);
    return [scenario, verdict(passed), measure, rounded(count), ...times, rounded(errors)];
  }),
});

const omissions = (leftOut: LoadResults['leftOut']): Table => ({
  head: ['left out', 'why'],
  rows: leftOut.map(({ scenario, why }) => [scenario, why]),
});

const section = ({ scenario, passed, demands, measure, counters, latencies, seconds }: LoadReport): Section => ({
  title: `${scenario} ${passed ? '✓' : '✗'}`,
  plots: [
    ...Object.entries(latencies).map(([name, quantiles]) =>
      barPlot({ title: `How long it took: ${name}`, unit: 'ms', bars: QUANTILES.map((label) => ({ label, value: quantiles[label] })) }),
    ),
    ...overTime(measure, seconds),
  ],
  tables: [
    {
      head: ['demanded', 'measured', 'threshold'],
      rows: demands.map(({ demanded, measured, met }) => [demanded, measured === null ? 'nothing' : rounded(measured), verdict(met)]),
    },
    { head: ['counted', 'how often'], rows: Object.entries(counters).map(([name, amount]) => [name, rounded(amount)]) },
  ],
});

const overTime = (measure: string, seconds: readonly Second[]): string[] => {
  const over = (name: string, pick: (second: Second) => number | null) => ({
    name,
    points: seconds.flatMap((second) => {
      const value = pick(second);
      return value === null ? [] : [[second.at, value] as const];
    }),
  });
  const x = 'seconds';
  // One beside the other, they have one axis.
  const range = [0, seconds.at(-1)?.at ?? 0] as const;
  return [
    linePlot({
      title: `Time of ${measure}, by the second in which it ended`,
      ...{ x, y: 'ms', range },
      series: [over('median', ({ medianMs }) => medianMs), over('slowest', ({ slowestMs }) => slowestMs)],
    }),
    linePlot({ title: 'Throughput', x, y: 'a second', range, series: [over(measure, ({ count }) => count)] }),
    linePlot({
      title: 'Errors',
      ...{ x, y: 'a second', range },
      series: [over('users that gave up', ({ errors }) => errors), over('answers of 400 and more', ({ refusals }) => refusals)],
    }),
  ];
};
