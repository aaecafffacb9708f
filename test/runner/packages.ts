// The tests' Debian packages: got where that can be; where it cannot, the suites that run them are left out, and named. In CI that is a failure.
import { relative } from 'node:path';
import { ROOT } from '../support/files.ts';

export interface Missing {
  /** A file of the tests: nothing that imports it can run. */
  readonly user: string;
  readonly packages: readonly string[];
}

export interface Host {
  missing(): readonly Missing[];
  readonly canInstall: boolean;
  /** Tries to. */
  install(packages: readonly string[]): void;
  /** What a person would type instead. */
  command(packages: readonly string[]): string;
  /** Absolute paths of the suites that import one of these files. */
  suitesOf(users: readonly string[]): readonly string[];
  readonly isCi: boolean;
  say(line: string): void;
}

export interface LeftOut {
  readonly packages: readonly string[];
  /** Absolute paths. */
  readonly suites: readonly string[];
}

/** Throws, naming what is missing and how to get it, where nothing may be left out. */
export const preparePackages = (host: Host): LeftOut => {
  let missing = host.missing();
  if (missing.length > 0 && host.canInstall) {
    host.say(`Installing what the tests need: ${namesOf(missing).join(', ')}`);
    host.install(namesOf(missing));
    missing = host.missing();
  }
  if (missing.length === 0) return { packages: [], suites: [] };

  const packages = namesOf(missing);
  const advice = `These Debian packages are missing: ${packages.join(', ')}. As root: ${host.command(packages)}`;
  if (host.isCi) throw new Error(advice);
  host.say(`${advice}\nThe suites that run them are left out.`);
  return { packages, suites: host.suitesOf(missing.map(({ user }) => user)) };
};

/** For jest: everything but these. */
export const without = ({ suites }: LeftOut): readonly string[] =>
  suites.length === 0
    ? []
    : ['--testPathIgnorePatterns', '/node_modules/', ...suites.map((suite) => `^${suite.replace(/[^\w/-]/g, '\\$&')}$`)];

/** For the end of the output. */
export const linesOf = ({ packages, suites }: LeftOut): readonly string[] =>
  suites.length === 0
    ? []
    : [`left out, for want of ${packages.join(', ')}:`, ...suites.map((suite) => `  ${relative(ROOT, suite)}`).sort()];

const namesOf = (missing: readonly Missing[]): readonly string[] => [...new Set(missing.flatMap(({ packages }) => packages))].sort();
