// The packages that package-lock.json has installed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Locked {
  readonly name: string;
  readonly version: string;
  /** For building and testing alone. */
  readonly development: boolean;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly name?: string; readonly version?: string; readonly dev?: true }>>;
}

const FOLDER = 'node_modules/';
/** `debug`, which node-saml brings along, takes these where they are there: so bundles have them. */
const BUNDLED: ReadonlySet<string> = new Set(['node_modules/supports-color', 'node_modules/has-flag']);

/** Each once; where it is installed for development and for what runs, for what runs. */
export const readLocked = (root: string): readonly Locked[] => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const found = new Map<string, Locked>();
  for (const [path, { name = path.slice(path.lastIndexOf(FOLDER) + FOLDER.length), version, dev = false }] of Object.entries(packages)) {
    if (path === '' || version === undefined) continue;
    const id = `${name}@${version}`;
    found.set(id, { name, version, development: dev && !BUNDLED.has(path) && (found.get(id)?.development ?? true) });
  }
  return [...found.values()];
};
