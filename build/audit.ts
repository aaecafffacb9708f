// `npm run audit [-- --registry URL] [--osv URL]`: known vulnerabilities of what package-lock.json installs, as the registry and OSV have them.
// Exits with 1 where there are some, and with 3 where neither could be asked: that is not the same as none.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Finding } from './supply/finding.ts';
import { readLocked } from './supply/locked.ts';
import { askRegistry } from './supply/npm-audit.ts';
import { askOsv } from './supply/osv.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OSV = 'https://api.osv.dev';
const [NOTHING, FINDINGS, NOT_ASKED] = [0, 1, 3];

const { values } = parseArgs({ options: { registry: { type: 'string' }, osv: { type: 'string', default: OSV } } });
const packages = readLocked(ROOT);

const asked = async (source: string, answer: Promise<readonly Finding[]>): Promise<readonly Finding[] | null> => {
  try {
    const found = await answer;
    console.log(`${source}: ${found.length === 0 ? 'no known vulnerabilities' : `${found.length} known`} in ${packages.length} packages`);
    return found;
  } catch (error) {
    console.log(`${source}: could not be asked. ${String(error instanceof Error ? error.message : error).split('\n')[0]}`);
    return null;
  }
};

const answers = [
  await asked('Registry', askRegistry(ROOT, values.registry, packages)),
  await asked('OSV', askOsv(values.osv, packages)),
].filter((answer) => answer !== null);

const lines = new Set(
  answers
    .flat()
    .map(({ name, version, development, id }) => `${name} ${version} ${id} ${development ? 'for development' : 'in what runs'}`),
);
for (const line of [...lines].sort()) console.log(line);
if (answers.length === 0)
  console.log('Nothing is known of these packages: neither source could be asked. Try again where one can be reached.');
process.exitCode = answers.length === 0 ? NOT_ASKED : lines.size > 0 ? FINDINGS : NOTHING;
