// `tsx load-tests/prior-art/build.ts DESIGN DIR`: the local tenant's stack and the connector with one design's way back, as build/build.ts makes
// the product's.
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { build, type Plugin } from 'esbuild';
import { buildConnector } from '../../build/connector.ts';
import { FUNCTION_BUNDLE } from '../../lib/function-code.ts';
import { TenantStack } from '../../lib/tenant-stack.ts';
import { loadTenant, tenantFiles } from '../../tenants/load.ts';
import { addAnswersTable } from './database-polling/stack.ts';
import { addRelay } from './relay-function/stack.ts';
import { standIn } from './stand-in.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HERE = 'load-tests/prior-art';

interface Design {
  /** Stands in for the connector's module that posts. */
  readonly connector: string;
  /** The one function that differs, or comes on top. */
  readonly handler: string;
  readonly plugins: Plugin[];
  readonly extend: (stack: TenantStack, bundle: string) => void;
}

const DESIGNS: Readonly<Record<string, Design>> = {
  'database-polling': {
    connector: 'database-polling/written-answers.ts',
    handler: 'lambdas/router/handler.ts',
    plugins: [standIn('lambdas/router/reply-socket.ts', `${HERE}/database-polling/polled-answers.ts`)],
    extend: addAnswersTable,
  },
  'relay-function': {
    connector: 'relay-function/posted-to-relay.ts',
    handler: `${HERE}/relay-function/handler.ts`,
    plugins: [],
    extend: addRelay,
  },
};

const bundleFunction = async ({ handler, plugins }: Design, folder: string): Promise<void> => {
  await build({
    entryPoints: [join(ROOT, handler)],
    outfile: join(folder, 'index.mjs'),
    plugins,
    ...FUNCTION_BUNDLE,
  });
};

const main = async (name: string, folder: string): Promise<void> => {
  const design = DESIGNS[name];
  if (!design) throw new Error(`There is no design ${name}; there are ${Object.keys(DESIGNS).join(', ')}.`);
  const bundle = join(folder, 'function');
  await Promise.all([
    buildConnector(join(folder, 'connector.mjs'), [standIn('connector/reply.ts', `${HERE}/${design.connector}`)]),
    bundleFunction(design, bundle),
  ]);
  const app = new App({ outdir: join(folder, 'assembly'), builtinCloudFormationValidation: false, treeMetadata: false });
  for (const file of tenantFiles('local')) design.extend(new TenantStack(app, loadTenant(file)), bundle);
  app.synth();
};

const [name = '', folder = ''] = process.argv.slice(2);
await main(name, resolve(folder));
