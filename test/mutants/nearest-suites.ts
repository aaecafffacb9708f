// The suites that run a file's code, the nearest first: those that import it themselves, then those that import what imports it.
import { basename, dirname, join, normalize } from 'node:path';
import { filesBelow, read } from '../support/files.ts';

const ROOMS = ['protocol', 'policy', 'lambdas', 'connector', 'cli', 'simulator', 'tenants', 'lib', 'load-tests', 'test/security'];

/** Who imports each file, types aside: they are gone when it runs. */
const importersOf = (): ReadonlyMap<string, readonly string[]> => {
  const importers = new Map<string, string[]>();
  for (const from of ROOMS.flatMap((room) => filesBelow(room, '.ts')))
    for (const [, path] of read(from).matchAll(/(?:^(?:im|ex)port (?!type\b)[^;]*?from |\bimport\()\s*'(\.[^']+)'/gm)) {
      const to = normalize(join(dirname(from), path!));
      importers.set(to, [...(importers.get(to) ?? []), from]);
    }
  return importers;
};

/** As paths from the root, at most so many. Of those that are as near, a file's own comes first, then those of its folder. */
export const nearestSuites = (file: string, most: number): readonly string[] => {
  const importers = importersOf();
  const suites: string[] = [];
  const seen = new Set([file]);
  for (let ring: readonly string[] = [file]; ring.length > 0 && suites.length < most; ) {
    const further = ring.flatMap((one) => importers.get(one) ?? []).filter((one) => !seen.has(one) && seen.add(one));
    suites.push(...further.filter(isSuite).sort((one, other) => kinship(other, file) - kinship(one, file)));
    ring = further.filter((one) => !isSuite(one));
  }
  return suites.slice(0, most);
};

const isSuite = (file: string): boolean => file.endsWith('.test.ts');
const kinship = (suite: string, file: string): number => {
  if (basename(suite, '.test.ts') === basename(file, '.ts')) return 2;
  return dirname(suite) === dirname(file) ? 1 : 0;
};
