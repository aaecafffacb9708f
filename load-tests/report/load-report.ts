// What Artillery's report and the single measurements say, in the words of ours: whether what was demanded came true, how long things took,
// how much there was, what failed, second by second.
import { type Demand, type Demanded, judge } from './demands.ts';

export type Counters = Readonly<Record<string, number>>;

export interface Quantiles {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export type Latencies = Readonly<Record<string, Quantiles>>;

export interface Second {
  /** After the first. */
  readonly at: number;
  /** Of the scenario's measure. */
  readonly count: number;
  readonly medianMs: number | null;
  readonly slowestMs: number | null;
  /** Users that gave up. */
  readonly errors: number;
  /** Answers of 400 and more. */
  readonly refusals: number;
}

export interface LoadReport {
  readonly scenario: string;
  /** Whether every threshold was met, by Artillery's word. */
  readonly passed: boolean;
  readonly demands: readonly Demand[];
  /** What the seconds tell of: what was measured most often. */
  readonly measure: string;
  readonly counters: Counters;
  /** By measure, milliseconds. */
  readonly latencies: Latencies;
  readonly seconds: readonly Second[];
}

export interface ArtilleryReport {
  readonly aggregate: { readonly counters?: Counters; readonly summaries?: Latencies };
}

/** As steps/samples.ts writes them. */
export type Sample = readonly [at: number, kind: 'histogram' | 'counter' | 'error', name: string, value: number];

export interface Reported {
  readonly scenario: string;
  readonly passed: boolean;
  readonly ensure: Demanded;
  readonly artillery: ArtilleryReport;
  readonly samples: readonly Sample[];
}

/** Artillery's sums over what else is listed, what its plugins say again, and the length of a user's whole visit. */
const REDUNDANT = /^http\.response_time\.\dxx$|^plugins\.|^vusers\.(session_length|created_by_name\.)/;
const REFUSAL = /^http\.codes\.[45]/;

export const readSamples = (lines: string): Sample[] =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

export const readReport = ({ scenario, passed, ensure, artillery, samples }: Reported): LoadReport => {
  const counters = own(artillery.aggregate.counters);
  const latencies = Object.fromEntries(
    Object.entries(own(artillery.aggregate.summaries)).map(([name, { count, min, p50, p75, p90, p95, p99, max }]) => [
      name,
      { count, min, p50, p75, p90, p95, p99, max },
    ]),
  );
  const [measure = ''] = Object.keys(latencies).sort((one, other) => latencies[other]!.count - latencies[one]!.count);
  const demands = judge(ensure, latencies, counters);
  return { scenario, passed, demands, measure, counters, latencies, seconds: bySecond(samples, measure) };
};

const own = <Value>(measured: Readonly<Record<string, Value>> = {}): Readonly<Record<string, Value>> =>
  Object.fromEntries(Object.entries(measured).filter(([name]) => !REDUNDANT.test(name)));

const bySecond = (samples: readonly Sample[], measure: string): Second[] => {
  const times = samples.map(([at]) => Math.floor(at / 1000));
  if (times.length === 0) return [];
  const first = times.reduce((one, other) => Math.min(one, other));
  const last = times.reduce((one, other) => Math.max(one, other));
  return Array.from({ length: last - first + 1 }, (_, at) => {
    const own = samples.filter((_sample, index) => times[index] === first + at);
    const took = own.flatMap(([, kind, name, value]) => (kind === 'histogram' && name === measure ? [value] : [])).sort((a, b) => a - b);
    return {
      at,
      count: took.length,
      medianMs: took[Math.floor(took.length / 2)] ?? null,
      slowestMs: took.at(-1) ?? null,
      errors: own.filter(([, kind]) => kind === 'error').length,
      refusals: own.reduce((sum, [, kind, name, value]) => sum + (kind === 'counter' && REFUSAL.test(name) ? value : 0), 0),
    };
  });
};
