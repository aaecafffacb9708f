// The code of the functions: each lambdas/<folder>/handler.ts becomes one file, bundled by esbuild in this process.
// One run makes all of them, since they share most of what they import; it waits until the first is wanted.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { type BuildOptions, buildSync } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LAMBDAS = join(ROOT, 'lambdas');
const HANDLER = 'handler.ts';
const PAGES = 'pages';
/** What Lambda loads for `index.handler`. */
const ENTRY = 'index.mjs';
/** Some packages call `require` for Node's own modules, which ES modules do not have. */
const REQUIRE_BANNER = "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);";

/** How esbuild makes one file of a function and what it imports. */
export const FUNCTION_BUNDLE = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  banner: { js: REQUIRE_BANNER },
  minify: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** Below lambdas/. An assembly names it by the hash of the bundle, so the same sources make the same template. */
export const functionCode = (folder: string): Code =>
  Code.fromAsset(join(LAMBDAS, folder), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // CDK's other way to bundle, which is never taken.
      image: DockerImage.fromRegistry('none'),
      local: {
        tryBundle: (directory) => {
          writeFileSync(join(directory, ENTRY), bundleOf(folder));
          for (const [file, script] of pageScripts(folder)) writeFileSync(join(directory, file), script);
          return true;
        },
      },
    },
  });

/** What the functions' pages load, beside the bundle: `lambdas/<folder>/pages/<name>.ts` becomes `<name>.js`, for browsers. */
const pageScripts = (folder: string): ReadonlyArray<readonly [file: string, script: Uint8Array]> => {
  const sources = join(LAMBDAS, folder, PAGES);
  if (!existsSync(sources)) return [];
  const { outputFiles } = buildSync({
    entryPoints: readdirSync(sources)
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => join(sources, file)),
    outdir: sources,
    write: false,
    bundle: true,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    minify: true,
    logLevel: 'warning',
  });
  return outputFiles.map(({ path, contents }) => [basename(path), contents] as const);
};

let bundles: ReadonlyMap<string, Uint8Array> | undefined;

const bundleOf = (folder: string): Uint8Array => {
  bundles ??= bundleAll();
  const bundle = bundles.get(folder);
  if (bundle === undefined) throw new Error(`lambdas/${folder} has no ${HANDLER}.`);
  return bundle;
};

const bundleAll = (): ReadonlyMap<string, Uint8Array> => {
  const folders = readdirSync(LAMBDAS, { recursive: true, encoding: 'utf8' })
    .filter((file) => basename(file) === HANDLER)
    .map(dirname);
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(folders.map((folder) => [folder, join(LAMBDAS, folder, HANDLER)])),
    outdir: LAMBDAS,
    write: false,
    ...FUNCTION_BUNDLE,
  });
  return new Map(outputFiles.map(({ path, contents }) => [basename(path, '.js'), contents]));
};
