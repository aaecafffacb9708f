// The list of what is shipped has all of it and nothing else.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { filesBelow, read } from '../support/files.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Bom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string; readonly 'bom-ref': string } };
  readonly components: ReadonlyArray<{
    readonly 'bom-ref': string;
    readonly group?: string;
    readonly name: string;
    readonly version: string;
  }>;
  readonly dependencies: ReadonlyArray<{ readonly ref: string; readonly dependsOn: readonly string[] }>;
}

let bom: Bom;
const names = () => new Set(bom.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`)));

beforeAll(() => {
  const printed = execFileSync(process.execPath, ['--no-warnings', '--import', 'tsx', 'build/sbom.ts'], {
    ...{ cwd: ROOT, encoding: 'utf8', maxBuffer: 64 << 20, env: { ...process.env, NODE_OPTIONS: '' } },
  });
  bom = JSON.parse(printed);
}, 120_000);

test('is CycloneDX of this application, whose dependencies are all in it', () => {
  const own = bom.metadata.component;
  const refs = [own['bom-ref'], ...bom.components.map((component) => component['bom-ref'])];
  const mentioned = new Set(bom.dependencies.flatMap(({ dependsOn }) => dependsOn));

  expect([bom.bomFormat, own.name]).toEqual(['CycloneDX', 'sallyport']);
  expect(bom.dependencies.map(({ ref }) => ref).sort()).toEqual([...refs].sort());
  // Every one of them is there because of another, which may ask for it only where it is there.
  expect(refs.slice(1).filter((ref) => !mentioned.has(ref) && !ref.startsWith('supports-color@'))).toEqual([]);
  expect([...mentioned].filter((ref) => !refs.includes(ref))).toEqual([]);
});

test('has what package.json asks for outside development, and nothing that it asks for inside', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'));
  const listed = names();

  expect(Object.keys(dependencies).filter((name) => !listed.has(name))).toEqual([]);
  // Types that something shipped asks for as well.
  expect(Object.keys(devDependencies).filter((name) => listed.has(name))).toEqual(['@types/node']);
});

test('has every package that is in the bundles of functions and connector', async () => {
  const handlers = filesBelow('lambdas', '.ts').filter((file) => /\/handler\.ts$/.test(file));
  const { metafile } = await build({
    entryPoints: ['connector/main.ts', 'connector/kerberos/helper.ts', ...handlers],
    ...{ absWorkingDir: ROOT, bundle: true, write: false, outdir: 'unwritten', metafile: true, platform: 'node', format: 'esm' },
    ...{ external: ['koffi'], logLevel: 'error' },
  });

  const bundled = new Set(Object.keys(metafile.inputs).flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []));
  const listed = names();

  expect(handlers.length).toBeGreaterThan(5);
  expect(bundled.size).toBeGreaterThan(20);
  expect([...bundled].filter((name) => !listed.has(name))).toEqual([]);
}, 120_000);
