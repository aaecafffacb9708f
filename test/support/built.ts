// What `npm run build` made, for suites that run it: never a stale one, whose tests would pass or fail for sources that are no more.
import { join } from 'node:path';
import { readSources, requireFresh } from '../../build/stamp.ts';
import { ROOT } from './files.ts';

const DIST = join(ROOT, 'dist');
let isFresh = false;

/** The path of a file or folder of the build. Throws when the build is stale or missing. */
export const built = (path: string): string => {
  if (!isFresh) requireFresh(DIST, readSources());
  isFresh = true;
  return join(DIST, path);
};
