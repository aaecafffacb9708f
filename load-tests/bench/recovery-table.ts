// Detection and recovery as tables and plots.
import type { Table } from '../report/page.ts';
import { barPlot } from '../report/plot.ts';
import type { Loss, Recovery } from './recovery.ts';
import { whole } from './table.ts';

const MISHAPS: Readonly<Record<'drain' | 'kill' | 'silence', string>> = {
  drain: 'stopped (SIGTERM)',
  kill: 'killed (SIGKILL)',
  silence: 'its tunnel dies in silence',
};

export const recoveryTables = (recovery: Recovery): Table[] => [
  {
    head: [
      'one of two connectors is',
      'requests',
      'idempotent lost',
      'others told of an error',
      'others run twice',
      'over 1 s',
      'longest ms',
    ],
    rows: Object.entries(MISHAPS).map(([name, words]) => {
      const loss: Loss = recovery[name as keyof typeof MISHAPS];
      const { requests, lostIdempotent, lostOthers, runTwice, delayed, longestMs } = loss;
      return [words, ...[requests, lostIdempotent, lostOthers, runTwice, delayed, longestMs].map(whole)];
    }),
  },
  {
    head: ['what', 'ms'],
    rows: [
      ['a connector notices that its tunnel is silently dead', whole(recovery.noticedMs)],
      ['it has another tunnel', whole(recovery.backMs)],
      ['an exchange that waits for its origin runs at the other connector, after the kill of the first', whole(recovery.movedMs)],
    ],
  },
];

export const recoveryPlots = (recovery: Recovery): string[] => [
  barPlot({
    title: 'How long it takes',
    unit: 'ms',
    bars: [
      { label: 'a silent tunnel is noticed', value: recovery.noticedMs },
      { label: 'there is another tunnel', value: recovery.backMs },
      { label: 'an exchange has moved', value: recovery.movedMs },
    ],
  }),
];
