// AWS's own runtime client and Node.js 24, in which the tests run the functions of the faithful mode: installed by themselves in a folder
// of their own (test/runtime-client), so that our own installation stays light and needs no compiler.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { awsRuntimeIn, readAwsRuntime } from '../../simulator/lambda/aws-runtime.ts';
import type { Runtime } from '../../simulator/lambda/sandbox.ts';
import { ROOT } from './files.ts';

const FOLDER = join(ROOT, 'test/runtime-client');

/** The folder, once it holds all; null before. */
export const awsRuntimeFolder = (): string | null => (awsRuntimeIn(FOLDER) === null ? null : FOLDER);

/** Throws when it was not installed. */
export const theAwsRuntime = (): Runtime => readAwsRuntime(FOLDER);

/** Throws with what failed. The client's native part is compiled, which takes a minute or two. */
export const installAwsRuntime = (): void => {
  if (awsRuntimeFolder() !== null) return;
  console.log('Installing AWS’s own runtime client in test/runtime-client: its native part is compiled, which takes a minute or two');
  // The scripts of the client alone are needed, and with the headers of the Node.js beside it: none are fetched.
  npm({}, 'ci', '--ignore-scripts');
  const node = join(FOLDER, 'node_modules', `node-${process.platform}-${process.arch}`);
  npm({ npm_config_nodedir: node, PATH: `${join(node, 'bin')}:${process.env.PATH}` }, 'rebuild', 'aws-lambda-ric');
  if (awsRuntimeFolder() === null) throw new Error('npm installed AWS’s runtime client, but not all of it is there.');
};

const npm = (variables: Readonly<Record<string, string>>, ...args: string[]): void => {
  const { status, error, stdout, stderr } = spawnSync('npm', [...args, '--no-audit', '--no-fund', '--foreground-scripts'], {
    cwd: FOLDER,
    env: { ...process.env, ...variables },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return;
  const said = error?.message ?? `${stdout}${stderr}`.trim().split('\n').slice(-15).join('\n');
  throw new Error(`AWS’s runtime client could not be installed in test/runtime-client (npm ${args.join(' ')}):\n${said}`);
};

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) installAwsRuntime();
