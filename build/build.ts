// `npm run build [-- DIR]`: what runs elsewhere than here, into dist/ (or DIR). The local tenant's templates and bundled functions,
// and the connector.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildConnector } from './connector.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = resolve(process.argv[2] ?? join(ROOT, 'dist'));

const synthesise = (tenant: string): void => {
  const outdir = join(DIST, 'assembly');
  rmSync(outdir, { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', 'bin/sallyport.ts'], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify({ tenant }) },
  });
  if (status !== 0) throw new Error(`The tenant ${tenant} could not be synthesised: see above.`);
};

const bundle = buildConnector(join(DIST, 'connector.mjs'));
synthesise('local');
await bundle;
