// Plots as SVG that stands in a page: no script, no resource from elsewhere, text that is escaped.
import { escaped } from '../../simulator/site/pages.ts';

export interface Series {
  readonly name: string;
  /** x and y, by x. */
  readonly points: ReadonlyArray<readonly [number, number]>;
}

export interface LinePlot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Where the axis of x begins and ends. @default where the points do */
  readonly range?: readonly [from: number, to: number];
  readonly series: readonly Series[];
}

export interface BarPlot {
  readonly title: string;
  readonly unit: string;
  readonly bars: ReadonlyArray<{ readonly label: string; readonly value: number }>;
}

const WIDTH = 640;
const LEFT = 70;
const RIGHT = 16;
const TOP = 34;
const BOTTOM = 44;
const PLOT_HEIGHT = 190;
const COLORS = ['#0b6bcb', '#c2410c', '#15803d', '#7c3aed', '#be185d', '#57534e'];
const BAR_HEIGHT = 22;
const BAR_LEFT = 230;
const BAR_RIGHT = 90;

/** Short: no more digits than are worth reading. */
export const rounded = (value: number): string => {
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en-US');
  return Number(value.toPrecision(3)).toString();
};

/** The next of 1, 2, 2.5, 5, 10 times a power of ten: axes end at round numbers. */
export const niceCeiling = (value: number): number => {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value)!;
};

export const linePlot = ({ title, x, y, range, series }: LinePlot): string => {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return figure(title, TOP + BAR_HEIGHT, text(LEFT, TOP + 16, 'nothing measured'));
  const [from, to] = range ?? [Math.min(...points.map(([at]) => at)), Math.max(...points.map(([at]) => at))];
  const highest = niceCeiling(Math.max(...points.map(([, value]) => value)));
  const left = (at: number) => LEFT + (to === from ? 0.5 : (at - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
  const top = (value: number) => TOP + PLOT_HEIGHT * (1 - value / highest);

  // An axis that ends at 2 has a rule at each half, others at each fifth: round numbers all.
  const steps = highest.toExponential().startsWith('2e') ? 4 : 5;
  const rules = Array.from({ length: steps + 1 }, (_, step) => (highest * step) / steps).map(
    (value) =>
      `<line class="rule" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${top(value)}" y2="${top(value)}"/>` +
      text(LEFT - 6, top(value) + 4, rounded(value), 'end'),
  );
  const marks = [...new Set(points.map(([at]) => at))].sort((one, other) => one - other);
  const every = Math.ceil(marks.length / 8);
  const ticks = marks.filter((_, index) => index % every === 0).map((at) => text(left(at), TOP + PLOT_HEIGHT + 16, rounded(at), 'middle'));
  const lines = series.map(({ name, points: own }, index) => {
    const color = COLORS[index % COLORS.length];
    const path = own.map(([at, value]) => `${left(at).toFixed(1)},${top(value).toFixed(1)}`);
    const dots = path.map((pair) => `<circle cx="${pair.split(',')[0]}" cy="${pair.split(',')[1]}" r="3" fill="${color}"/>`);
    const key = `<rect x="${LEFT + index * 130}" y="${TOP + PLOT_HEIGHT + 28}" width="10" height="10" fill="${color}"/>`;
    const label = text(LEFT + 14 + index * 130, TOP + PLOT_HEIGHT + 37, name);
    return `<polyline points="${path.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>${dots.join('')}${key}${label}`;
  });
  const axes = text(WIDTH - RIGHT, TOP + PLOT_HEIGHT + 37, x, 'end') + text(LEFT, TOP - 8, y);
  return figure(title, TOP + PLOT_HEIGHT + BOTTOM, [...rules, ...ticks, ...lines, axes].join(''));
};

export const barPlot = ({ title, unit, bars }: BarPlot): string => {
  const highest = Math.max(...bars.map(({ value }) => value), 0);
  const rows = bars.map(({ label, value }, index) => {
    const y = TOP + index * BAR_HEIGHT;
    const width = highest === 0 ? 0 : (value / highest) * (WIDTH - BAR_LEFT - BAR_RIGHT);
    const bar = `<rect x="${BAR_LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT - 6}" fill="${COLORS[0]}"/>`;
    return text(BAR_LEFT - 6, y + 13, label, 'end') + bar + text(BAR_LEFT + width + 6, y + 13, `${rounded(value)} ${unit}`);
  });
  return figure(title, TOP + bars.length * BAR_HEIGHT + 6, rows.join(''));
};

const text = (x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end' = 'start'): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(words)}</text>`;

const figure = (title: string, height: number, inside: string): string =>
  `<svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">` +
  `<text class="title" x="0" y="14">${escaped(title)}</text>${inside}</svg>`;
