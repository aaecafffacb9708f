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

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:82rem;margin:2rem auto;padding:0 1rem;color:#1c1917;background:#fff}
section{overflow-x:auto;border-top:1px solid #d6d3d1;margin-top:2rem}nav a{color:#0b6bcb;margin-right:1rem}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,34rem),1fr));gap:1.5rem;align-items:start;margin-bottom:1.5rem}
svg{width:100%;max-width:640px;height:auto;font-size:11px}
svg .title{font-size:13px;font-weight:600}svg .rule{stroke:#d6d3d1}
table{border-collapse:collapse;margin:0 2rem 1.5rem 0;display:inline-table;vertical-align:top}th,td{padding:.2rem .7rem;border-bottom:1px solid #d6d3d1;text-align:right}
th:first-child,td:first-child{text-align:left}`;

export const page = (title: string, told: readonly string[], sections: readonly Section[]): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><style>${STYLE}</style></head><body>
<h1>${escaped(title)}</h1>${told.map((line) => `<p>${escaped(line)}</p>`).join('')}
${sections.length < LINKED_MIN ? '' : `<nav>${sections.map(({ title }, at) => `<a href="#${anchor(at)}">${escaped(title)}</a>`).join(' ')}</nav>`}
${sections.map(section).join('\n')}
</body></html>
`;

/** From so many sections on there are links to them. */
const LINKED_MIN = 3;

const anchor = (at: number): string => `section-${at}`;

const section = ({ title, plots, tables = [] }: Section, at: number): string =>
  `<section id="${anchor(at)}"><h2>${escaped(title)}</h2>${plots.length === 0 ? '' : `<div class="plots">${plots.join('')}</div>`}${tables.map(table).join('')}</section>`;

const table = ({ head, rows }: Table): string => `<table>${row('th', head)}${rows.map((cells) => row('td', cells)).join('')}</table>`;

const row = (cell: 'th' | 'td', cells: readonly string[]): string =>
  `<tr>${cells.map((words) => `<${cell}>${escaped(words)}</${cell}>`).join('')}</tr>`;
