// Where results are left: the last run, as JSON and as a page. Not committed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const RESULTS = fileURLToPath(new URL('../results', import.meta.url));

export const writeResults = (results: object, html: string, folder = RESULTS): void => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'latest.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(folder, 'latest.html'), html);
  console.log(`Written to ${folder}: latest.json, latest.html`);
};
