// Part 4: time on AWS, modelled: how many of each hop an exchange takes, warm, after a freeze and cold, times what a hop takes by a dated profile
// with sources (hops.json). Nothing of it was measured on AWS; what it shows is which hops are ours and what they add up to.

import PROFILE from '../hops.json' with { type: 'json' };
import type { Table } from '../report/page.ts';
import { barPlot } from '../report/plot.ts';
import { type Counts, seeded, sum } from './hops.ts';

/** Any way to an application inside that is asked from a function pays these: the user's link, the front door, the link inside and back, the application. */
export const UNAVOIDABLE: Counts = { userLink: 1, restApi: 1, premisesLink: 1, origin: 1 };
/** One message each way (test/e2e/cost.test.ts holds that), the two programs. */
const WARM: Counts = { post: 2, router: 1, connector: 1 };

/** What is ours, beside the unavoidable. */
export const STATES: Readonly<Record<string, Counts>> = {
  warm: WARM,
  // The socket was dead on thawing: another is dialled and announced to the connector, which posts the answer again.
  'after a freeze that outlived the socket': { ...WARM, replySocket: 1, post: 4, premisesLink: 1 },
  // The secret, then the socket for which it makes the ticket; directory, session with its parent, registry. Nothing is taken off for what
  // is under way side by side, so this is the worst.
  cold: { ...WARM, initialisation: 1, secretRead: 1, replySocket: 1, tableCall: 4 },
  // The two designs of prior art as load-tests/prior-art has them. In: an HTTP API and a function before the post to the router's socket.
  'warm, if answers went through a relay function': { ...WARM, restApi: 1 },
  // A write, and the read that finds it; the post is the one to the connector.
  'warm, if answers were polled from a database': { ...WARM, post: 1, tableCall: 2, poll: 1 },
};

export interface TimeModel {
  readonly state: string;
  readonly unavoidable: Quantiles;
  readonly added: Quantiles;
  readonly whole: Quantiles;
}

interface Quantiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const DRAWS = 20_000;

const quantiles = (values: readonly number[]): Quantiles => {
  const sorted = values.toSorted((one, other) => one - other);
  return { p50Ms: sorted[Math.floor(sorted.length * 0.5)]!, p99Ms: sorted[Math.floor(sorted.length * 0.99)]! };
};

export const modelTime = async (): Promise<TimeModel[]> =>
  Object.entries(STATES).map(([state, ours]) => {
    const random = seeded(1);
    const draws = Array.from({ length: DRAWS }, () => ({ unavoidable: sum(UNAVOIDABLE, random), added: sum(ours, random) }));
    return {
      state,
      unavoidable: quantiles(draws.map(({ unavoidable }) => unavoidable)),
      added: quantiles(draws.map(({ added }) => added)),
      whole: quantiles(draws.map(({ unavoidable, added }) => unavoidable + added)),
    };
  });

const milliseconds = ({ p50Ms, p99Ms }: Quantiles): string[] => [p50Ms, p99Ms].map((ms) => String(Math.round(ms)));

export const timeTables = (models: readonly TimeModel[]): Table[] => [
  {
    head: ['the router is', 'unavoidable P50 ms', 'P99', 'added P50 ms', 'P99', 'whole P50 ms', 'P99'],
    rows: models.map(({ state, unavoidable, added, whole }) => [state, ...[unavoidable, added, whole].flatMap(milliseconds)]),
  },
  {
    head: ['hop', 'P50 ms', 'P99 ms', 'known by'],
    rows: Object.entries(PROFILE.hops).map(([hop, { p50Ms, p99Ms, kind }]) => [hop, String(p50Ms), String(p99Ms), kind]),
  },
];

export const timePlots = (models: readonly TimeModel[]): string[] => [
  barPlot({
    title: 'Added to the unavoidable, P50 (modelled)',
    unit: 'ms',
    bars: models.map(({ state, added }) => ({ label: state, value: added.p50Ms })),
  }),
];
