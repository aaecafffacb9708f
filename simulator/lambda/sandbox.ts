// Where a function's code runs: a process of its own (faithful mode) or a worker thread (quick mode).
// Either starts bootstrap.mjs with exactly the given variables and gives back what it writes, line by line.
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { clockVariables } from '../clock.ts';
import type { Guardian } from '../guardian.ts';

const BOOTSTRAP = fileURLToPath(new URL('./bootstrap.mjs', import.meta.url));
/** The share of the function's memory that AWS's runtime gives to JavaScript's heap. */
const HEAP_SHARE = 0.9;
/** A line of CloudWatch Logs: longer ones are cut in two. */
const LINE_MAX_CHARACTERS = 256 * 1024;

export type Mode = 'faithful' | 'quick';

export interface SandboxOptions {
  readonly variables: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly memoryMegabytes: number;
  readonly onLine: (line: string) => void;
}

export interface Sandbox {
  /** Null for a worker thread. */
  readonly pid: number | null;
  /** Stops it between two instructions: no timer, no socket. A worker thread cannot be stopped and goes on. */
  freeze(): void;
  thaw(): void;
  kill(): void;
  /** How it ended, as AWS words it: `exit status 1`, `signal: killed`. */
  readonly ended: Promise<string>;
}

export type OpenSandbox = (options: SandboxOptions) => Sandbox;

/** What runs a function's code in a process. */
export interface Runtime {
  /** The Node.js that runs it. */
  readonly node: string;
  /** Calls the handler that is its first argument, for the Runtime API. */
  readonly client: string;
}

const OURS: Runtime = { node: process.execPath, client: BOOTSTRAP };

export const openProcess =
  (guardian: Guardian, { node, client }: Runtime = OURS): OpenSandbox =>
  ({ variables, directory, memoryMegabytes, onLine }) => {
    const heap = `--max-old-space-size=${Math.floor(memoryMegabytes * HEAP_SHARE)}`;
    // In a process group of its own: Ctrl-C in a terminal is the simulator's to handle.
    const child = spawn(node, [heap, client, variables._HANDLER ?? ''], {
      env: { ...variables, ...clockVariables(process.env) },
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const { pid } = child;
    if (pid !== undefined) guardian.watch(pid);
    forLines(child.stdout, onLine);
    forLines(child.stderr, onLine);
    const ended = new Promise<string>((resolve) => {
      child.once('exit', () => pid !== undefined && guardian.forget(pid));
      child.once('error', (error) => resolve(`could not start: ${error.message}`));
      child.once('close', (code, signal) => resolve(signal ? `signal: ${SIGNALS[signal] ?? signal}` : `exit status ${code}`));
    });
    return {
      pid: pid ?? null,
      freeze: () => void child.kill('SIGSTOP'),
      thaw: () => void child.kill('SIGCONT'),
      kill: () => void child.kill('SIGKILL'),
      ended,
    };
  };

const SIGNALS: Readonly<Record<string, string>> = { SIGKILL: 'killed', SIGABRT: 'aborted', SIGSEGV: 'segmentation fault' };

export const openThread: OpenSandbox = ({ variables, memoryMegabytes, onLine }) => {
  const worker = new Worker(BOOTSTRAP, {
    env: { ...variables },
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: Math.floor(memoryMegabytes * HEAP_SHARE) },
  });
  forLines(worker.stdout, onLine);
  forLines(worker.stderr, onLine);
  const ended = new Promise<string>((resolve) => {
    // Nobody handled it, or memory is out: a process would have said so before its exit, which follows.
    worker.once('error', (error) => forText(String(error?.stack ?? error), onLine));
    worker.once('exit', (code) => resolve(`exit status ${code}`));
  });
  return { pid: null, freeze: () => {}, thaw: () => {}, kill: () => void worker.terminate(), ended };
};

const forText = (text: string, onLine: (line: string) => void): void => {
  for (const line of text.split('\n')) onLine(line);
};

const forLines = (stream: Readable, onLine: (line: string) => void): void => {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    for (; rest.length > LINE_MAX_CHARACTERS; rest = rest.slice(LINE_MAX_CHARACTERS)) onLine(rest.slice(0, LINE_MAX_CHARACTERS));
  });
  stream.on('end', () => rest !== '' && onLine(rest));
};
