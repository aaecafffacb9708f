// What is wrong with a configuration: each fault says where, what was expected, what came and what to do. All are reported at once.
import type { z } from 'zod';
import { SallyportError } from '../protocol/errors.ts';

export interface Fault {
  /** As in `applications[0].externalUrl`; empty for the whole. */
  readonly path: string;
  readonly expected: string;
  readonly got: string;
  /** What to do. */
  readonly advice: string;
  /** Line and column in the file, from 1, where they are known. */
  readonly line?: number;
  readonly column?: number;
}

export type Path = ReadonlyArray<string | number>;

/** A fault with the path to what it is about, for line and column; `ofName` when the setting's name is at fault, not its value. */
export type LocatedFault = Fault & { readonly at: Path; readonly ofName?: true };

/** A refusal that carries every fault. */
export class ConfigurationError extends SallyportError {
  readonly faults: readonly Fault[];

  constructor(source: string, faults: readonly Fault[]) {
    const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`;
    super('ERR_CONFIGURATION_INVALID', [`${source} has ${count}. Nothing was changed.`, ...faults.map(describeFault)].join('\n'));
    this.faults = faults;
  }
}

export const describeFault = ({ path, expected, got, advice, line, column }: Fault): string => {
  const place = [path, line === undefined ? '' : `line ${line}, column ${column}`].filter((part) => part !== '').join(', ');
  return `- ${place === '' ? '' : `${place}: `}expected ${expected}, got ${got}. ${advice}`;
};

export const pathText = (path: Path): string =>
  path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('');

const SHOWN_MAX_CHARACTERS = 80;

/** A value as a fault shows it: short, and never a whole file. */
export const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(value);
  return text.length > SHOWN_MAX_CHARACTERS ? `${text.slice(0, SHOWN_MAX_CHARACTERS)}…` : text;
};

/** The value at a path; undefined where there is none. */
export const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((at, key) => (isMap(at) || Array.isArray(at) ? (at as Record<string | number, unknown>)[key] : undefined), root);

export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The faults that zod found in `root`, with the paths that lead to them. */
export const faultsOf = (error: z.ZodError, root: unknown): LocatedFault[] =>
  error.issues.flatMap((issue) => {
    const path = issue.path.filter((key) => typeof key !== 'symbol');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        at: [...path, key],
        ofName: true as const,
        path: pathText([...path, key]),
        expected: 'only known settings here',
        got: `the unknown setting ${JSON.stringify(key)}`,
        advice: 'Correct its spelling or remove it; docs/configuration.md lists every setting.',
      }));
    }
    const advice = issue.code === 'custom' && typeof issue.params?.advice === 'string' ? issue.params.advice : 'See docs/configuration.md.';
    return [{ at: path, path: pathText(path), expected: issue.message, got: shown(valueAt(root, path)), advice }];
  });
