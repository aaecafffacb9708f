// The CDK app: tenant files in, one stack each out. `-c tenant=NAME`, a path, several with commas, or `all`.
import { App } from 'aws-cdk-lib';
import { TenantStack } from '../lib/tenant-stack.ts';
import { ConfigurationError } from '../tenants/faults.ts';
import { loadTenant, tenantFiles } from '../tenants/load.ts';

const app = new App({ autoSynth: false, context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });
try {
  const files = tenantFiles(app.node.tryGetContext('tenant'));
  for (const tenant of files.map(loadTenant)) new TenantStack(app, tenant);
  app.synth();
} catch (error) {
  // A fault in a tenant file is its author's, who needs no stack trace.
  if (!(error instanceof ConfigurationError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
