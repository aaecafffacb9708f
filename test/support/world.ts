// A whole Sallyport on this machine, started as a user starts it: `simulator/main.ts` with its options, and its ready file.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createControlClient } from '../../cli/control-client.ts';
import type { ReadyFile } from '../../simulator/ready-file.ts';
import { awsRuntimeFolder } from './aws-runtime.ts';
import { built } from './built.ts';
import { type Child, startChild } from './child.ts';
import { ROOT } from './files.ts';

export interface World {
  readonly ready: ReadyFile;
  readonly readyFile: string;
  readonly child: Child;
  /** The external URL of a published application, ending with `/`. */
  url(application: string): string;
  /** Publishes exactly these applications, in the tenant file's form, as `sallyport apply` does. */
  apply(applications: readonly object[]): Promise<void>;
  /** The simulator's own control API: faults, sockets, environments, meter. */
  control<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
  dispose(): Promise<void>;
}

/** Options as `npm start` takes them, beyond those that every test world has. */
export const startWorld = (...options: string[]): Promise<World> => startWorldWith({}, ...options);

/** The same, with further variables in its environment. */
export const startWorldWith = async (variables: Readonly<Record<string, string>>, ...options: string[]): Promise<World> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-world-'));
  const readyFile = join(folder, 'ready.json');
  const runtime = awsRuntimeFolder();
  const args = [
    '--import',
    'tsx',
    'simulator/main.ts',
    '--port',
    '0',
    '--ready-file',
    readyFile,
    // Another tenant's is built on the spot.
    ...(options.includes('--tenant') ? [] : ['--assembly', built('assembly')]),
    ...(runtime === null || options.includes('quick') ? [] : ['--runtime', runtime]),
    ...options,
  ];
  const child = startChild(process.execPath, args, { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '--no-warnings', ...variables } });
  await child.seen(/Ready/, 90_000);
  const ready: ReadyFile = JSON.parse(readFileSync(readyFile, 'utf8'));

  return {
    ready,
    readyFile,
    child,
    url: (application) => {
      const found = ready.applications.find(({ name }) => name === application);
      if (!found) throw new Error(`No application ${application} among ${ready.applications.map(({ name }) => name).join(', ')}.`);
      return found.url;
    },
    apply: async (applications) => {
      const { controlApi, region, administrator } = ready;
      await createControlClient({ endpoint: controlApi, region, credentials: async () => administrator }).apply(applications);
    },
    control: async <Answer>(method: string, path: string, body?: unknown) => {
      // No connection is kept: where a test moves the time, it would end between two calls.
      const headers = { connection: 'close', ...(body !== undefined && { 'content-type': 'application/json' }) };
      const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
      const response = await fetch(new URL(path, ready.control), init);
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return (response.status === 204 ? undefined : await response.json()) as Answer;
    },
    dispose: async () => {
      await child.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
