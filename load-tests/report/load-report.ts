// What Artillery's report says, in the words of ours: how long things took, how much there was, what failed, over the time of a run.

type Counters = Readonly<Record<string, number>>;

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

/** Ten seconds, as Artillery cuts them. */
export interface Period {
  /** Seconds after the first. */
  readonly at: number;
  readonly perSecond: number;
  readonly failed: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface LoadReport {
  readonly scenario: string;
  /** What the periods' times are of: HTTP requests, or where there are none the scenario's own first measure. */
  readonly measure: string;
  readonly counters: Counters;
  /** By measure, milliseconds. */
  readonly latencies: Readonly<Record<string, Quantiles>>;
  readonly periods: readonly Period[];
}

interface Stats {
  readonly period?: string | number;
  readonly counters?: Counters;
  readonly summaries?: Readonly<Record<string, Quantiles>>;
}

export interface ArtilleryReport {
  readonly aggregate: Stats;
  readonly intermediate: readonly Stats[];
}

const PERIOD_SECONDS = 10;
const RESPONSES = 'http.response_time';
/** Artillery's sums over what else is listed, and the length of a user's whole visit. */
const REDUNDANT = /^http\.response_time\.\dxx$|^vusers\./;

export const readReport = ({ aggregate, intermediate }: ArtilleryReport, scenario: string): LoadReport => {
  const measures = Object.entries(aggregate.summaries ?? {}).filter(([name]) => !REDUNDANT.test(name));
  const latencies = Object.fromEntries(
    measures.map(([name, { count, min, p50, p75, p90, p95, p99, max }]) => [name, { count, min, p50, p75, p90, p95, p99, max }]),
  );
  const measure = RESPONSES in latencies ? RESPONSES : (measures[0]?.[0] ?? RESPONSES);
  const begins = intermediate.map(({ period }) => Number(period));
  const periods = intermediate
    .map(({ counters = {}, summaries = {} }, index) => {
      const took = summaries[measure];
      return {
        at: (begins[index]! - Math.min(...begins)) / 1000,
        perSecond: (took?.count ?? 0) / PERIOD_SECONDS,
        failed: failures(counters),
        p50Ms: took?.p50 ?? null,
        p99Ms: took?.p99 ?? null,
      };
    })
    .sort((one, other) => one.at - other.at);
  return { scenario, measure, counters: aggregate.counters ?? {}, latencies, periods };
};

/** Errors, and answers that tell of one. */
const failures = (counters: Counters): number =>
  Object.entries(counters)
    .filter(([name]) => /^errors\.|^http\.codes\.[45]/.test(name))
    .reduce((sum, [, amount]) => sum + amount, 0);
