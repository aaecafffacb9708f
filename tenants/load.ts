// Reads tenant files: YAML with line and column for each fault.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Document, isNode, isScalar, isMap as isYamlMap, LineCounter, parseDocument } from 'yaml';
import { ConfigurationError, type Fault, isMap, type LocatedFault, shown } from './faults.ts';
import { withPictures } from './icon.ts';
import { parseTenant, type Tenant } from './schema.ts';
import { withMetadata } from './with-metadata.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const ENDING = '.yaml';
/** YAML's aliases can grow a small file without bound; a tenant file needs few. */
const ALIASES_MAX = 100;

/** The files that a choice means: names in tenants/, paths, several with commas, or `all` (what is in tenants/, but for the local one). */
export const tenantFiles = (choice: unknown, folder: string = FOLDER): string[] => {
  const names = typeof choice === 'string' ? choice.split(',').filter((name) => name !== '') : [];
  if (names.length === 0) {
    throw choiceError('the name of a tenant', choice === undefined ? 'nothing' : JSON.stringify(choice), folder);
  }
  return names.flatMap((name) => {
    if (name === 'all') return known(folder).filter((file) => !LOCAL.includes(basename(file)));
    const file = name.includes('/') || name.endsWith(ENDING) ? resolve(name) : join(folder, `${name}${ENDING}`);
    if (!existsSync(file)) throw choiceError('a tenant file', `${JSON.stringify(name)}, which is not there`, folder);
    return [file];
  });
};

/** Not deployed by `all`: the sample and the simulator's. */
const LOCAL = ['example.yaml', 'local.yaml'];

const known = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(ENDING))
    .sort()
    .map((file) => join(folder, file));

const choiceError = (expected: string, got: string, folder: string): ConfigurationError => {
  const names = known(folder).map((file) => basename(file, ENDING));
  return new ConfigurationError('The choice of tenants', [
    { path: 'tenant', expected, got, advice: `Say -c tenant=NAME, a path, or all. There are: ${names.join(', ')}.` },
  ]);
};

export interface TenantFile {
  readonly tenant: Tenant;
  /** The applications as they are written, pictures of icons included, for the control API. */
  readonly applications: unknown;
}

/** Throws ConfigurationError: the file cannot be read, is not YAML, or does not hold. */
export const readTenantFile = (file: string): TenantFile => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(file, [{ path: '', expected: 'a readable file', got, advice: 'Check the path.' }]);
  }
  const { value: written, locate } = readYaml(text, file);
  const { value: complete, faults } = withMetadata(written, dirname(file));
  if (faults.length > 0)
    throw new ConfigurationError(
      file,
      faults.map(locate).map(({ at: _at, ...fault }) => fault),
    );
  const value = withPictures(complete, dirname(file));
  return { tenant: parseTenant(value, file, locate), applications: isMap(value) ? value.applications : undefined };
};

export const loadTenant = (file: string): Tenant => readTenantFile(file).tenant;

/** The value that YAML text holds, before any setting is checked, and what finds the line of a fault in it. */
export const readYaml = (text: string, source: string) => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const faults = document.errors.map(({ message, pos }): Fault => {
    const { line, col } = lines.linePos(pos[0]);
    return {
      path: '',
      expected: 'YAML',
      got: `${shown(text.split(/\r?\n/)[line - 1]?.trim())} (${message})`,
      advice: 'Correct the line; everything else is looked at after that.',
      line,
      column: col,
    };
  });
  // The parser often says the same of a line in several ways.
  const ofLines = faults.filter(({ line }, index) => faults.findIndex((other) => other.line === line) === index);
  if (ofLines.length > 0) throw new ConfigurationError(source, ofLines);

  const locate = (fault: LocatedFault): LocatedFault => {
    const offset = offsetOf(document, fault);
    if (offset === undefined) return fault;
    const { line, col } = lines.linePos(offset);
    return { ...fault, line, column: col };
  };
  try {
    return { value: document.toJS({ maxAliasCount: ALIASES_MAX }) as unknown, locate };
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(source, [{ path: '', expected: 'few aliases', got, advice: 'Write the settings out.' }]);
  }
};

/** Where the value or the name at a path begins; that of its nearest parent when it is not there itself. */
const offsetOf = (document: Document, { at, ofName }: LocatedFault): number | undefined => {
  if (ofName) {
    const parent = at.length === 1 ? document.contents : document.getIn(at.slice(0, -1), true);
    const name = isYamlMap(parent) ? parent.items.map(({ key }) => key).find((key) => isScalar(key) && key.value === at.at(-1)) : undefined;
    if (isScalar(name) && name.range) return name.range[0];
  }
  for (let length = at.length; length > 0; length -= 1) {
    const node = document.getIn(at.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0];
};
