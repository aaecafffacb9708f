// Makes one file of the steps, for Artillery, which runs no TypeScript of ours.
import { build } from 'esbuild';

/** What CommonJS packages call. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

export const bundleSteps = (from: string, to: string): Promise<unknown> =>
  build({
    entryPoints: [from],
    outfile: to,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: REQUIRE },
    logLevel: 'warning',
  });
