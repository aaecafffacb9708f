// Bulk over a WebSocket as a table and a plot.
import type { Table } from '../../report/page.ts';
import { barPlot } from '../../report/plot.ts';
import { size, whole } from '../table.ts';
import { type Bulk, BYTES } from './sockets.ts';

const told = ({ kind, messageBytes }: Bulk): string => `${BYTES / messageBytes} × ${size(messageBytes)}, ${kind}`;

export const socketTables = (results: readonly Bulk[]): Table[] => [
  {
    head: [
      `${size(BYTES)} there and back`,
      'directly ms',
      'the hops alone ms',
      'through ms',
      '× the hops',
      'messages',
      'runs of functions',
    ],
    rows: results.map((bulk) => [
      told(bulk),
      ...[bulk.directMs, bulk.hopsMs, bulk.throughMs].map(whole),
      (bulk.throughMs / bulk.hopsMs).toFixed(1),
      ...[bulk.messages, bulk.invocations].map(whole),
    ]),
  },
];

export const socketPlots = (results: readonly Bulk[]): string[] => [
  barPlot({
    title: `${size(BYTES)} there and back`,
    unit: 'ms',
    bars: results.flatMap((bulk) => [
      { label: `${told(bulk)}, the hops`, value: bulk.hopsMs },
      { label: `${told(bulk)}, through`, value: bulk.throughMs },
    ]),
  }),
];
