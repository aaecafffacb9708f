#!/usr/bin/env node
// `npx sallyport`: runs cli/main.ts as it stands, on every Node from 20 on.
import { register } from 'tsx/esm/api';

register();
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
