// What a scenario demands (`ensure`), beside what was measured: Artillery judges, this tells which threshold it was.
import type { Counters, Latencies, Quantiles } from './load-report.ts';

export interface Demanded {
  /** `http.response_time.p95: 2000`: at most so many milliseconds. */
  readonly thresholds: ReadonlyArray<Readonly<Record<string, number>>>;
  /** `http.codes.200 == 100`. */
  readonly conditions: ReadonlyArray<{ readonly expression: string }>;
}

export interface Demand {
  readonly demanded: string;
  /** Null: there was nothing to measure. */
  readonly measured: number | null;
  readonly met: boolean;
}

export const judge = ({ thresholds, conditions }: Demanded, latencies: Latencies, counters: Counters): Demand[] => [
  ...thresholds.flatMap(Object.entries<number>).map(([name, most]) => {
    const dot = name.lastIndexOf('.');
    const measured = latencies[name.slice(0, dot)]?.[name.slice(dot + 1) as keyof Quantiles] ?? null;
    return { demanded: `${name} at most ${most} ms`, measured, met: measured !== null && measured <= most };
  }),
  ...conditions.map(({ expression }) => {
    const [name = '', count] = expression.split(' == ');
    const measured = counters[name] ?? 0;
    return { demanded: expression, measured, met: measured === Number(count) };
  }),
];
