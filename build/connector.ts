// The connector as one file, and its Kerberos helper beside it. `tsx build/connector.ts [FILE]` builds them alone, as its image does.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Some dependencies are CommonJS and ask for `require`, which an ES module lacks. */
const REQUIRE_BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const COMMON: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  mainFields: ['module', 'main'],
  // Native code: it is found in node_modules when it is needed.
  external: ['koffi'],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
};

/** `plugins` for a variant of it: the benchmark's. */
export const buildConnector = async (outfile: string, plugins: Plugin[] = []): Promise<void> => {
  const helper = join(dirname(outfile), 'kerberos-helper.mjs');
  await Promise.all([
    build({ ...COMMON, entryPoints: [join(ROOT, 'connector/main.ts')], outfile, plugins, banner: { js: REQUIRE_BANNER } }),
    build({ ...COMMON, entryPoints: [join(ROOT, 'connector/kerberos/helper.ts')], outfile: helper }),
  ]);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildConnector(process.argv[2] ?? join(ROOT, 'dist/connector.mjs'));
