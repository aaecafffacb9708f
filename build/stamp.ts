// What a build was made from, so that nobody tests yesterday's by mistake: the digests of its sources lie beside it.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Digests by path from the root. */
export type Sources = Readonly<Record<string, string>>;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STAMP = 'sources.json';
/** Everything that ends up in a bundle or a template. */
const FOLDERS = ['build', 'connector', 'lambdas', 'lib', 'policy', 'protocol', 'tenants'];
/** What is installed, and how. */
const FILES = ['package-lock.json'];
const TESTS = /\.test\.ts$|\/(testing|__snapshots__)\//;
const NAMED_MAX = 3;

export const readSources = (): Sources => {
  const below = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length)),
  );
  const files = [...FILES, ...below.filter((file) => !TESTS.test(file)).sort()];
  return Object.fromEntries(
    files.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(join(ROOT, file)))
        .digest('base64url'),
    ]),
  );
};

/** Until the build is complete there is no stamp. */
export const removeStamp = (dist: string): void => rmSync(join(dist, STAMP), { force: true });

/** `sources`: as they were before the build began. */
export const writeStamp = (dist: string, sources: Sources): void => writeFileSync(join(dist, STAMP), JSON.stringify(sources));

/** Throws, naming what differs, when what is in `dist` was not built from these sources. */
export const requireFresh = (dist: string, sources: Sources): void => {
  const stamp = join(dist, STAMP);
  if (!existsSync(stamp)) throw new Error(`There is no complete build in ${dist}. Run: npm run build`);
  const built: Sources = JSON.parse(readFileSync(stamp, 'utf8'));
  const changed = [...new Set([...Object.keys(built), ...Object.keys(sources)])].filter((file) => built[file] !== sources[file]);
  if (changed.length === 0) return;
  const more = changed.length > NAMED_MAX ? ` and ${changed.length - NAMED_MAX} more` : '';
  throw new Error(`The build in ${dist} is stale; changed since: ${changed.slice(0, NAMED_MAX).join(', ')}${more}. Run: npm run build`);
};
