// The connector as one file. `tsx build/connector.ts [FILE]` builds it alone, as its image does.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Some dependencies are CommonJS and ask for `require`, which an ES module lacks. */
const REQUIRE_BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

export const buildConnector = (outfile: string) =>
  build({
    entryPoints: [join(ROOT, 'connector/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE_BANNER },
    minify: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'warning',
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildConnector(process.argv[2] ?? join(ROOT, 'dist/connector.mjs'));
