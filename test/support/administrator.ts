// An administrator at a terminal: `npx sallyport` against a world, and what was said.
import { type ControlClient, createControlClient } from '../../cli/control-client.ts';
import { startChild } from './child.ts';
import { ROOT } from './files.ts';
import type { World } from './world.ts';

export interface Said {
  readonly status: number | NodeJS.Signals;
  readonly output: string;
}

/** Runs a program to its end. */
export const run = async (command: string, ...args: string[]): Promise<Said> => {
  const child = startChild(command, args, { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '--no-warnings' } });
  return { status: await child.ended, output: child.output() };
};

export const sallyport = (world: World, ...words: string[]): Promise<Said> =>
  run(process.execPath, 'cli/sallyport.mjs', '--simulator', world.readyFile, ...words);

/** The same, with something on its standard input. */
export const sallyportReading = async (world: World, input: string, ...words: string[]): Promise<Said> => {
  const args = ['cli/sallyport.mjs', '--simulator', world.readyFile, ...words];
  const child = startChild(process.execPath, args, { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '--no-warnings' }, input });
  return { status: await child.ended, output: child.output() };
};

/** What the command calls, without a process for each call. */
export const control = ({ ready: { controlApi: endpoint, region, administrator } }: World): ControlClient =>
  createControlClient({ endpoint, region, credentials: async () => administrator });
