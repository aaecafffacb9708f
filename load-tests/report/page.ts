// A page of results: opened from disk, so that it needs nothing but itself.
import { escaped } from '../../simulator/site/pages.ts';

export interface Section {
  readonly title: string;
  /** Plots, SVG. */
  readonly plots: readonly string[];
  readonly tables?: readonly Table[];
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: ReadonlyArray<readonly string[]>;
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c1917;background:#fff}
svg{display:inline-block;max-width:100%;height:auto;margin:0 1.5rem 1.5rem 0;font-size:11px}
svg .title{font-size:13px;font-weight:600}svg .rule{stroke:#d6d3d1}
table{border-collapse:collapse;margin:0 0 1.5rem}th,td{padding:.2rem .7rem;border-bottom:1px solid #d6d3d1;text-align:right}
th:first-child,td:first-child{text-align:left}`;

export const page = (title: string, told: readonly string[], sections: readonly Section[]): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><style>${STYLE}</style></head><body>
<h1>${escaped(title)}</h1>${told.map((line) => `<p>${escaped(line)}</p>`).join('')}
${sections.map(section).join('\n')}
</body></html>
`;

const section = ({ title, plots, tables = [] }: Section): string =>
  `<h2>${escaped(title)}</h2>${plots.join('')}${tables.map((one) => `<table>${row('th', one.head)}${one.rows.map((cells) => row('td', cells)).join('')}</table>`).join('')}`;

const row = (cell: 'th' | 'td', cells: readonly string[]): string =>
  `<tr>${cells.map((words) => `<${cell}>${escaped(words)}</${cell}>`).join('')}</tr>`;
