// Where results are left: the last run, as JSON and as a page. Not committed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RESULTS = fileURLToPath(new URL('../results', import.meta.url));

export const writeResults = (results: object, html: string): void => {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, 'latest.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(RESULTS, 'latest.html'), html);
  console.log(`Written to ${RESULTS}: latest.json, latest.html`);
};
