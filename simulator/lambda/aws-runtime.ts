// AWS's own runtime client (aws-lambda-ric) and the Node.js of the functions' runtime, as npm installs them into a folder.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SallyportError } from '../../protocol/errors.ts';
import type { Runtime } from './sandbox.ts';

/** What is in the folder, or null when it is not all there: the client's native part is built at its installation. */
export const awsRuntimeIn = (folder: string): Runtime | null => {
  const modules = join(folder, 'node_modules');
  const node = join(modules, `node-${process.platform}-${process.arch}`, 'bin/node');
  const client = join(modules, 'aws-lambda-ric/index.mjs');
  const native = join(modules, 'aws-lambda-ric/rapid-client.node');
  return [node, client, native].every(existsSync) ? { node, client } : null;
};

/** Throws ERR_CONFIGURATION_INVALID when the folder does not hold it. */
export const readAwsRuntime = (folder: string): Runtime => {
  const found = awsRuntimeIn(folder);
  if (found === null) {
    throw new SallyportError(
      'ERR_CONFIGURATION_INVALID',
      `--runtime expects a folder with aws-lambda-ric, its native part built, and node-${process.platform}-${process.arch} among its node_modules, and got ${folder}. ` +
        'test/runtime-client is one after `npx tsx test/support/aws-runtime.ts`.',
    );
  }
  return found;
};
