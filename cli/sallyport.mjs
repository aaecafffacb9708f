#!/usr/bin/env node
// `npx sallyport`: runs cli/main.ts as it stands, on every Node from 20 on.
import { register } from 'tsx/esm/api';

register();
const { main } = await import('./main.ts');
// Whoever reads no further, as head does, has what they wanted.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
}
process.exitCode = await main(process.argv.slice(2));
