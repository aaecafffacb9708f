// What is to be changed, as the command line says.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/files.ts';

export interface Wanted {
  /** From the root. */
  readonly file: string;
  /** Lines, both included. */
  readonly from: number;
  readonly to: number;
}

/** Each costs a second or more for every mutant that survives those before it. */
const SUITES = 8;

const USAGE = 'npm run mutants -- [--suites N] FILE[:FROM[-TO]] … [SUITE …]';

export interface Arguments {
  readonly files: readonly Wanted[];
  /** How many of those that import a file. */
  readonly most: number;
  /** Instead of those. */
  readonly suites: readonly string[];
}

/** Throws what is wrong with them, and how they should be. */
export const readArguments = (args: readonly string[]): Arguments => {
  const at = args.indexOf('--suites');
  const most = at < 0 ? SUITES : Number(args[at + 1]);
  const named = at < 0 ? args : args.toSpliced(at, 2);
  const files = named.filter((arg) => !isSuite(arg)).map(wanted);
  if (files.length === 0 || !Number.isSafeInteger(most) || most < 1) throw new Error(`Expected: ${USAGE}`);
  return { files, most, suites: named.filter(isSuite).map(known) };
};

const isSuite = (arg: string): boolean => arg.endsWith('.test.ts');

const wanted = (arg: string): Wanted => {
  const [, file = arg, from = '1', to] = /^([^:]+):(\d+)(?:-(\d+))?$/.exec(arg) ?? [];
  return { file: known(file), from: Number(from), to: Number(to ?? (file === arg ? Number.POSITIVE_INFINITY : from)) };
};

const known = (file: string): string => {
  if (file.endsWith('.ts') && existsSync(join(ROOT, file))) return file;
  throw new Error(`${file} is no TypeScript file of ours. Expected: ${USAGE}`);
};
