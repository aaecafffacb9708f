// From Artillery's report to the page: what is told, and that it needs nothing from elsewhere.
import { describe, expect, test } from '@jest/globals';
import { loadPage } from './load-page.ts';
import { type ArtilleryReport, type Quantiles, readReport } from './load-report.ts';
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
    counters: { 'http.requests': 40, 'http.codes.200': 37, 'http.codes.503': 2, 'errors.ETIMEDOUT': 1 },
    summaries: {
      'vusers.session_length': quantiles(5, 9000),
      'http.response_time': quantiles(39, 20),
      'http.response_time.2xx': quantiles(37, 20),
    },
  },
  // Not in the order of time.
  intermediate: [
    { period: '20000', counters: { 'http.codes.503': 2, 'errors.ETIMEDOUT': 1 }, summaries: { 'http.response_time': quantiles(9, 80) } },
    { period: '10000', counters: { 'http.codes.200': 30 }, summaries: { 'http.response_time': quantiles(30, 10) } },
    { period: '30000', counters: {} },
  ],
};

test('a report tells throughput, times and failures of each period, by time', () => {
  const { measure, latencies, periods } = readReport(ARTILLERY, 'steady');

  expect(measure).toBe('http.response_time');
  expect(Object.keys(latencies)).toEqual(['http.response_time']);
  expect(periods).toEqual([
    { at: 0, perSecond: 3, failed: 0, p50Ms: 10, p99Ms: 30 },
    { at: 10, perSecond: 0.9, failed: 3, p50Ms: 80, p99Ms: 240 },
    { at: 20, perSecond: 0, failed: 0, p50Ms: null, p99Ms: null },
  ]);
});

test('a scenario without HTTP requests of its own is told by its own measure', () => {
  const { measure, periods } = readReport(
    {
      aggregate: { summaries: { 'tunnel.reopened': quantiles(3, 700), 'vusers.session_length': quantiles(3, 9000) } },
      intermediate: [{ period: '10000', summaries: { 'tunnel.reopened': quantiles(3, 700) } }],
    },
    'reconnect-storm',
  );

  expect(measure).toBe('tunnel.reopened');
  expect(periods).toMatchObject([{ perSecond: 0.3, p50Ms: 700 }]);
});

describe('the page', () => {
  const html = loadPage({
    kind: 'load',
    measuredAt: '2026-11-24T12:00:00.000Z',
    machine: { processors: '2 × P', memoryGigabytes: 8, system: 'linux', node: 'v24', loadBefore: 0.5 },
    target: 'https://a.example/<script>',
    passed: false,
    report: readReport(ARTILLERY, 'steady'),
  });

  test('shows distribution, throughput and errors over time', () => {
    const titles = [...html.matchAll(/aria-label="([^"]+)"/g)].map(([, title]) => title);

    expect(titles).toEqual(['How long it took: http.response_time', 'Time of http.response_time', 'Throughput', 'Errors']);
    expect(html).toContain('a threshold was missed');
  });

  test('loads nothing, runs nothing, and takes no markup from what was measured', () => {
    expect(html).not.toMatch(/<script|<link|<img|src=|href=|url\(/);
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
