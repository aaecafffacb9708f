// `npm run --silent sbom`: what is shipped, as CycloneDX: the packages that package.json asks for outside development, and theirs. From npm's own
// list, whose `--omit=dev` leaves out what something for development asks for as well.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readLocked } from './supply/locked.ts';

interface Bom {
  readonly metadata: { readonly component: { readonly 'bom-ref': string } };
  readonly components: ReadonlyArray<{ readonly 'bom-ref': string; readonly name: string; readonly version: string }>;
  readonly dependencies: ReadonlyArray<{ readonly ref: string; readonly dependsOn: readonly string[] }>;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAX_BYTES = 64 << 20;

const npm = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only', '--include=dev'];
const all = JSON.parse(execFileSync('npm', npm, { cwd: ROOT, encoding: 'utf8', maxBuffer: MAX_BYTES })) as Bom;
const shipped = new Set(readLocked(ROOT).flatMap(({ name, version, development }) => (development ? [] : `${name}@${version}`)));

const components = all.components.filter(({ name, version }) => shipped.has(`${name}@${version}`));
const own = all.metadata.component;
const refs = new Set([own['bom-ref'], ...components.map((component) => component['bom-ref'])]);
const dependencies = all.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }));
// npm calls it after the folder.
const component = { ...own, name: own['bom-ref'].slice(0, own['bom-ref'].lastIndexOf('@')) };
console.log(JSON.stringify({ ...all, metadata: { ...all.metadata, component }, components, dependencies }, null, 2));
