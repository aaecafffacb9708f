// Bundles the product's own code with one of its modules exchanged for another: a variant differs in that module and in nothing else.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Below the repository. `by` exports what `module` exports and the bundle uses. A bundle without `module` is refused. */
export const standIn = (module: string, by: string): Plugin => ({
  name: 'stand-in',
  setup: (build) => {
    let found = false;
    build.onResolve({ filter: /\.ts$/ }, ({ path, resolveDir }) => {
      if (join(resolveDir, path) !== join(ROOT, module)) return null;
      found = true;
      return { path: join(ROOT, by) };
    });
    build.onEnd(() => (found ? null : { errors: [{ text: `${by} was to stand in for ${module}, which nothing imports.` }] }));
  },
});
