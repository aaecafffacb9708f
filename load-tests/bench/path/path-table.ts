// The whole path as a table and plots.
import type { Table } from '../../report/page.ts';
import { barPlot } from '../../report/plot.ts';
import { whole } from '../table.ts';
import { type PathResult, type Small, USERS } from './path.ts';

export const pathTables = (results: readonly PathResult[]): Table[] => [
  {
    head: ['way', ...USERS.flatMap((users) => [`requests/s, ${users}`, 'P50 ms', 'P99 ms']), 'MB/s down', 'MB/s up'],
    rows: results.map(({ name, missing, small, downPerSecond, upPerSecond }) =>
      missing === ''
        ? [
            name,
            ...small.flatMap(({ load, givenUp }) => [
              whole(load.perSecond) + losses(givenUp, load.count),
              load.p50Ms.toFixed(1),
              load.p99Ms.toFixed(1),
            ]),
            whole(downPerSecond),
            whole(upPerSecond),
          ]
        : [`${name}: not measured, apt-get install ${missing}`, ...USERS.flatMap(() => ['', '', '']), '', ''],
    ),
  },
];

const losses = (givenUp: Small['givenUp'], answered: number): string => {
  const lost = Object.values(givenUp).reduce((sum, count) => sum + count, 0);
  const share = lost / (lost + answered);
  return lost === 0 ? '' : ` (${(share * 100).toFixed(share < 0.1 ? 1 : 0)} % given up)`;
};

export const pathPlots = (results: readonly PathResult[]): string[] =>
  USERS.map((users) =>
    barPlot({
      title: `Requests a second, ${users} users`,
      unit: '/s',
      bars: results.flatMap(({ name, small }) => {
        const load = small.find((one) => one.users === users)?.load;
        return load ? [{ label: name, value: load.perSecond }] : [];
      }),
    }),
  );
