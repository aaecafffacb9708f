// What `npm start` runs: an assembly and a connector that were built before, or ones built for this start alone, so that two
// of them at a time never write over each other.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SallyportError } from '../protocol/errors.ts';

export interface Built {
  readonly assembly: string;
  /** The connector as one file. */
  readonly connector: string;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What `npm run build` left there. Throws ERR_CONFIGURATION_INVALID when that is not the case. */
export const findBuilt = (assembly: string): Built => {
  const connector = join(dirname(assembly), 'connector.mjs');
  for (const path of [join(assembly, 'manifest.json'), connector]) {
    if (!existsSync(path)) {
      throw new SallyportError(
        'ERR_CONFIGURATION_INVALID',
        `--assembly expects what \`npm run build\` makes, and ${path} is not there: run it, or leave the option out.`,
      );
    }
  }
  return { assembly, connector };
};

/** Builds into a folder. Throws ERR_CONFIGURATION_INVALID with what the build said. */
export const build = async (folder: string, tenant: string | null, signal: AbortSignal): Promise<Built> => {
  const child = spawn(
    process.execPath,
    ['--no-warnings', '--import', 'tsx', 'build/build.ts', folder, ...(tenant === null ? [] : [tenant])],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const stop = () => child.kill();
  signal.addEventListener('abort', stop);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [code] = await once(child, 'close');
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (code !== 0) throw new SallyportError('ERR_CONFIGURATION_INVALID', `The build failed:\n${said.trim()}`);
  // Native code that the connector loads is found as from here.
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return findBuilt(join(folder, 'assembly'));
};
