// Both runs beside each other: file by file, and each subtest that passes in one only.
import type { Subtest } from './run.ts';

const CELL_MAX = 240;

export interface FileRow {
  readonly file: string;
  readonly subtests: number;
  readonly direct: number;
  readonly through: number;
}

export interface Difference {
  readonly page: string;
  readonly name: string;
  readonly passes: 'direct' | 'through';
  /** Of the run in which it does not. */
  readonly message: string;
}

export const fileRows = (direct: readonly Subtest[], through: readonly Subtest[]): FileRow[] => {
  const files = [...new Set([...direct, ...through].map(({ file }) => file))];
  return files.map((file) => {
    const [one, other] = [direct, through].map((results) => results.filter((result) => result.file === file));
    const names = new Set([...one!, ...other!].map(key));
    return { file, subtests: names.size, direct: passes(one!), through: passes(other!) };
  });
};

export const differences = (direct: readonly Subtest[], through: readonly Subtest[]): Difference[] => {
  const [one, other] = [direct, through].map((results) => new Map(results.map((result) => [key(result), result])));
  return [...new Set([...one!.keys(), ...other!.keys()])].flatMap((id) => {
    const [left, right] = [one!.get(id), other!.get(id)];
    if ((left?.passed ?? false) === (right?.passed ?? false)) return [];
    const { page, name } = (left ?? right)!;
    const failed = left?.passed ? right : left;
    return [{ page, name, passes: left?.passed ? 'direct' : 'through', message: failed?.message ?? 'not reported' } as const];
  });
};

const passes = (results: readonly Subtest[]): number => results.filter(({ passed }) => passed).length;
const key = ({ page, name }: Subtest): string => `${page}\n${name}`;

export const markdown = (rows: readonly FileRow[], found: readonly Difference[]): string => {
  const sum = (of: (row: FileRow) => number) => rows.reduce((total, row) => total + of(row), 0);
  const total = {
    file: '**all**',
    subtests: sum((row) => row.subtests),
    direct: sum((row) => row.direct),
    through: sum((row) => row.through),
  };
  const lines = [...rows, total].map((row) => `| ${row.file} | ${row.subtests} | ${row.direct} | ${row.through} |`);
  const told = found.map(({ page, name, passes: where, message }) => `| ${[page, name, where, message].map(cell).join(' | ')} |`);
  return [
    '| file | subtests | passed directly | passed through |',
    '| --- | --: | --: | --: |',
    ...lines,
    '',
    '| page | subtest | passes | what the other run says |',
    '| --- | --- | --- | --- |',
    ...told,
    '',
  ].join('\n');
};

/** Messages hold anything; a table's cell holds one line. */
const cell = (text: string): string =>
  text
    .replace(/\p{Cc}+/gu, ' ')
    .replaceAll('|', '\\|')
    .slice(0, CELL_MAX);
