// Scale as tables and plots.
import type { Table } from '../../report/page.ts';
import { barPlot, linePlot } from '../../report/plot.ts';
import { whole } from '../table.ts';
import { MOST } from './applications.ts';
import type { ScalePoint } from './exchanges.ts';
import type { Scale } from './scale.ts';

const seconds = (value: number): string => value.toFixed(1);
const spent = ({ calls, bytes }: { readonly calls: number; readonly bytes: number }): string =>
  `${Number(calls.toFixed(2))} (${whole(bytes)} B)`;

const named = ({ tunnels, tunnelsOfGroup, sessions, applications }: ScalePoint): string =>
  `${whole(tunnels)} tunnels, ${whole(tunnelsOfGroup)} of a group; ${whole(sessions)} sessions; ${whole(applications)} applications`;

export const scaleTables = ({ exchanges, storms, applications, account }: Scale): Table[] => [
  {
    head: ['there are', 'calls, first exchange', 'calls, one more', 'calls, of another user', 'CPU µs of the router'],
    rows: exchanges.map((point) => [
      named(point),
      spent(point.cold),
      spent(point.warm),
      point.sessions > 1 ? spent(point.strangers) : '',
      whole(point.cpuMicroseconds),
    ]),
  },
  {
    head: ['connectors that come back at once', 'dials', 'refused', 'half s', 'P99 s', 'all s'],
    rows: storms.map(({ connectors, jitter, dials, refused, halfSeconds, p99Seconds, allSeconds }) => [
      `${whole(connectors)}${jitter ? '' : ', if waits had no jitter'}`,
      ...[whole(dials), whole(refused), seconds(halfSeconds), seconds(p99Seconds), seconds(allSeconds)],
    ]),
  },
  {
    head: ['applications', 'body of apply KB', 'read and checked ms', 'table calls, first time', 'after one change'],
    rows: applications.applied.map(({ applications: count, bodyBytes, checkMs, firstCalls, againCalls }) =>
      [count, bodyBytes / 1024, checkMs, firstCalls, againCalls].map(whole),
    ),
  },
  {
    head: ['applications that fit', 'at most'],
    rows: [
      ['into a template that can be read', whole(applications.readable)],
      ['into a template, packed', whole(applications.deploy)],
      ['into one apply', `${whole(applications.apply)}${applications.apply === MOST ? ' or more' : ''}`],
    ],
  },
  {
    head: ['connectors', 'heartbeats and answers/s', 'exchanges/s by requests', 'by invocations', 'exchanges/s'],
    rows: account.map(({ connectors, heartbeatsPerSecond, byRequests, byInvocations, exchangesPerSecond }) =>
      [connectors, heartbeatsPerSecond, byRequests, byInvocations, exchangesPerSecond].map(whole),
    ),
  },
];

export const scalePlots = ({ exchanges, storms }: Scale): string[] => [
  barPlot({
    title: 'CPU of the router for an exchange',
    unit: 'µs',
    bars: exchanges.map((point) => ({
      label: `tunnels ${whole(point.tunnels)} (${whole(point.tunnelsOfGroup)}), s. ${whole(point.sessions)}, a. ${whole(point.applications)}`,
      value: point.cpuMicroseconds,
    })),
  }),
  ...storms.map(({ connectors, jitter, back }) =>
    linePlot({
      title: `${whole(connectors)} connectors come back${jitter ? '' : ', without jitter'}`,
      x: 'seconds',
      y: 'connectors',
      series: [{ name: 'back', points: back }],
    }),
  ),
];
