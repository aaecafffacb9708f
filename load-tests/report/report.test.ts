// From Artillery's report to the page: what is told, and that it needs nothing from elsewhere.
import { describe, expect, test } from '@jest/globals';
import type { Demanded } from './demands.ts';
import { loadPage } from './load-page.ts';
import { type ArtilleryReport, type Quantiles, readReport, readSamples } from './load-report.ts';
import { barPlot, linePlot, niceCeiling } from './plot.ts';

const quantiles = (count: number, ms: number): Quantiles => ({
  count,
  min: ms / 2,
  p50: ms,
  p75: ms,
  p90: ms,
  p95: ms * 2,
  p99: ms * 3,
  max: ms * 4,
});

const ARTILLERY: ArtilleryReport = {
  aggregate: {
    counters: { 'http.requests': 4, 'vusers.created_by_name.browse': 5, 'http.codes.200': 3, 'http.codes.503': 1, 'errors.ETIMEDOUT': 1 },
    summaries: {
      'vusers.session_length': quantiles(5, 9000),
      'socket.open': quantiles(2, 700),
      'http.response_time': quantiles(4, 20),
      'http.response_time.2xx': quantiles(3, 20),
    },
  },
};
const ENSURE: Demanded = {
  thresholds: [{ 'http.response_time.p95': 39 }, { 'socket.open.p99': 2100 }, { 'download.time.p95': 5 }],
  conditions: [{ expression: 'http.codes.200 == 3' }, { expression: 'socket.heard == 3' }],
};
const SAMPLES = [
  [1_000_900, 'histogram', 'http.response_time', 30],
  [1_000_950, 'histogram', 'socket.open', 700],
  [1_000_100, 'histogram', 'http.response_time', 10],
  [1_000_200, 'histogram', 'http.response_time', 20],
  [1_002_000, 'counter', 'http.codes.503', 1],
  [1_002_000, 'histogram', 'http.response_time', 80],
  [1_002_001, 'error', 'ETIMEDOUT', 1],
] as const;
const REPORT = readReport({
  scenario: 'steady',
  passed: false,
  ensure: ENSURE,
  artillery: ARTILLERY,
  samples: readSamples(SAMPLES.map((sample) => `${JSON.stringify(sample)}\n`).join('')),
});

describe('a report', () => {
  test('tells how much there was, how long it took and what failed, by the second', () => {
    expect(REPORT.measure).toBe('http.response_time');
    expect(REPORT.seconds).toEqual([
      { at: 0, count: 3, medianMs: 20, slowestMs: 30, errors: 0, refusals: 0 },
      { at: 1, count: 0, medianMs: null, slowestMs: null, errors: 0, refusals: 0 },
      { at: 2, count: 1, medianMs: 80, slowestMs: 80, errors: 1, refusals: 1 },
    ]);
  });

  test('leaves out sums of what it has, and whole visits', () => {
    expect(Object.keys(REPORT.latencies)).toEqual(['socket.open', 'http.response_time']);
    expect(Object.keys(REPORT.counters)).not.toContain('vusers.created_by_name.browse');
  });

  test('tells of each demand what was measured, and what was not measured at all does not meet it', () => {
    expect(REPORT.demands).toEqual([
      { demanded: 'http.response_time.p95 at most 39 ms', measured: 40, met: false },
      { demanded: 'socket.open.p99 at most 2100 ms', measured: 2100, met: true },
      { demanded: 'download.time.p95 at most 5 ms', measured: null, met: false },
      { demanded: 'http.codes.200 == 3', measured: 3, met: true },
      { demanded: 'socket.heard == 3', measured: 0, met: false },
    ]);
  });

  test('of nothing has no seconds', () => {
    const { seconds, measure } = readReport({
      scenario: 'steady',
      passed: false,
      ensure: ENSURE,
      artillery: { aggregate: {} },
      samples: [],
    });

    expect([seconds, measure]).toEqual([[], '']);
  });
});

describe('the page', () => {
  const html = loadPage({
    kind: 'load',
    measuredAt: '2026-11-24T12:00:00.000Z',
    machine: { processors: '2 × P', memoryGigabytes: 8, system: 'linux', node: 'v24', loadBefore: 0.5 },
    target: 'https://a.example/<script>',
    passed: false,
    scenarios: [REPORT],
    leftOut: [{ scenario: 'connector-loss', why: 'Give --kill COMMAND' }],
  });

  test('shows distribution, throughput and errors over time of each scenario', () => {
    const titles = [...html.matchAll(/aria-label="([^"]+)"/g)].map(([, title]) => title);

    expect(titles).toEqual([
      'How long it took: socket.open',
      'How long it took: http.response_time',
      'Time of http.response_time, by the second in which it ended',
      'Throughput',
      'Errors',
    ]);
    expect(html).toContain('✗ missed');
  });

  test('names the scenarios that were left out, and why', () => {
    expect(html).toContain('connector-loss');
    expect(html).toContain('Give --kill COMMAND');
  });

  test('loads nothing, runs nothing, and takes no markup from what was measured', () => {
    expect(html).not.toMatch(/<script|<link|<img|src=|href="(?!#)|url\(/);
    expect(html).toContain('&#60;script&#62;');
  });
});

describe('a plot', () => {
  test('places a point by its share of the axis', () => {
    const svg = linePlot({
      title: 'T',
      x: 's',
      y: 'ms',
      series: [
        {
          name: 'a',
          points: [
            [0, 0],
            [5, 50],
            [10, 100],
          ],
        },
      ],
    });

    const [, path] = /points="([^"]+)"/.exec(svg)!;
    const [first, middle, last] = path!.split(' ').map((pair) => pair.split(',').map(Number));
    expect(middle![0]).toBeCloseTo((first![0]! + last![0]!) / 2, 0);
    expect(middle![1]).toBeCloseTo((first![1]! + last![1]!) / 2, 0);
    expect(first![1]).toBeGreaterThan(last![1]!);
  });

  test('begins and ends its axis where it is told to', () => {
    const svg = linePlot({ title: 'T', x: 's', y: 'ms', range: [0, 10], series: [{ name: 'a', points: [[5, 1]] }] });
    const whole = linePlot({
      title: 'T',
      x: 's',
      y: 'ms',
      series: [
        {
          name: 'a',
          points: [
            [0, 1],
            [5, 1],
            [10, 1],
          ],
        },
      ],
    });

    const middle = (text: string, at: number) => /points="([^"]+)"/.exec(text)![1]!.split(' ')[at];
    expect(middle(svg, 0)).toBe(middle(whole, 1));
  });

  test('draws bars as long as their values', () => {
    const svg = barPlot({
      title: 'T',
      unit: 'ms',
      bars: [
        { label: 'a', value: 10 },
        { label: 'b', value: 40 },
      ],
    });

    const [one, other] = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(other! / one!).toBeCloseTo(4, 1);
  });

  test.each([
    [0, 1],
    [3, 5],
    [10, 10],
    [130, 200],
    [2100, 2500],
    [0.03, 0.05],
  ])('ends its axis for %d at %d', (value, end) => {
    expect(niceCeiling(value)).toBeCloseTo(end, 6);
  });

  test('of nothing says so', () => {
    expect(linePlot({ title: 'T', x: 's', y: 'ms', series: [{ name: 'a', points: [] }] })).toContain('nothing measured');
  });
});
