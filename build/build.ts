// `npm run build [-- DIR [TENANT]]`: what runs elsewhere than here, into dist/ (or DIR). The template of the local tenant (or of
// TENANT) and its bundled functions, and the connector.
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { TenantStack } from '../lib/tenant-stack.ts';
import { loadTenant, tenantFiles } from '../tenants/load.ts';
import { buildConnector } from './connector.ts';
import { readSources, removeStamp, writeStamp } from './stamp.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = resolve(process.argv[2] ?? join(ROOT, 'dist'));

const synthesise = (tenant: string): void => {
  const outdir = join(DIST, 'assembly');
  rmSync(outdir, { recursive: true, force: true });
  // CDK's own check of a template takes longer than all the rest of this. `cdk synth` makes it, and the tests.
  const app = new App({ outdir, builtinCloudFormationValidation: false, treeMetadata: false });
  // Without the account, its Region and what an earlier deployment left there: the simulator has none of them.
  for (const file of tenantFiles(tenant)) {
    const { account: _account, region: _region, aws, ...anywhere } = loadTenant(file);
    const { adopt: _adopt, ...settings } = aws;
    new TenantStack(app, { ...anywhere, aws: settings });
  }
  app.synth();
};

const sources = readSources();
removeStamp(DIST);
const bundle = buildConnector(join(DIST, 'connector.mjs'));
synthesise(process.argv[3] ?? 'local');
await bundle;
writeStamp(DIST, sources);
