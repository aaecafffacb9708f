// The processes that the benchmark starts beside its own: the origin, the bundled connector with a probe of what it uses, and the least connector.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Identity, writeIdentity } from '../../connector/identity.ts';
import type { LeastOrder } from './least.ts';

const CONNECTOR = fileURLToPath(new URL('../../dist/connector.mjs', import.meta.url));
const START_MS = 30_000;

export interface Usage {
  readonly cpu: NodeJS.CpuUsage;
  readonly residentBytes: number;
}

export interface Origin {
  /** Without a final slash. */
  readonly url: string;
  dispose(): Promise<void>;
}

export interface RunningConnector {
  usage(): Promise<Usage>;
  dispose(): Promise<void>;
}

export const startOrigin = async (): Promise<Origin> => {
  const child = fork(fileURLToPath(new URL('./origin.ts', import.meta.url)), { execArgv: ['--no-warnings', '--import', 'tsx'] });
  const [port] = await once(child, 'message', { signal: AbortSignal.timeout(START_MS) });
  return { url: `http://127.0.0.1:${port}`, dispose: () => end(child) };
};

/** Resolves when its tunnel is open. Every setting that is not named here is the default. */
export const startConnector = async (identity: Identity, allow: string): Promise<RunningConnector> => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  await writeIdentity(folder, identity);
  const probe = new URL('./usage-probe.mjs', import.meta.url).href;
  const settings = ['--state-directory', folder, '--health-address', 'off', '--allow', allow];
  const child = spawn(process.execPath, ['--import', probe, CONNECTOR, ...settings], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const dispose = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await opened(child);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { usage: () => usageOf(child), dispose };
};

/** Resolves when its tunnel is open. */
export const startLeast = async (order: LeastOrder): Promise<RunningConnector> => {
  const child = fork(fileURLToPath(new URL('./least.ts', import.meta.url)));
  child.send(order);
  try {
    await once(child, 'message', { signal: AbortSignal.timeout(START_MS) });
  } catch (error) {
    await end(child);
    throw error;
  }
  return { usage: () => usageOf(child), dispose: () => end(child) };
};

const usageOf = async (child: ChildProcess): Promise<Usage> => {
  const answer = once(child, 'message', { signal: AbortSignal.timeout(START_MS) });
  child.send('usage');
  return (await answer)[0] as Usage;
};

/** Its log is read on afterwards and thrown away: writing it is part of what an exchange costs. */
const opened = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let log = '';
    const timer = setTimeout(() => reject(new Error(`The connector opened no tunnel within ${START_MS} ms:\n${log}`)), START_MS);
    const look = (chunk: Buffer) => {
      log += chunk;
      if (!log.includes('"tunnel.open"')) return;
      clearTimeout(timer);
      child.stdout!.off('data', look).resume();
      resolve();
    };
    child.stdout!.on('data', look);
    child.once('close', () => {
      clearTimeout(timer);
      reject(new Error(`The connector ended before its tunnel was open:\n${log}`));
    });
  });

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill();
  await closed;
};
