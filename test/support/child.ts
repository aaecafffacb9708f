// Processes that tests start: each is waited for by an event, with a deadline, and ended by its id.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { isOver } from './patience.ts';

const LOOK_MS = 250;

export interface Child {
  readonly process: ChildProcess;
  /** Everything it has written so far, both streams. */
  output(): string;
  /** Resolves once the output matches; rejects when the process ends before, or at the deadline, which is later on a busy machine. */
  seen(pattern: RegExp, deadlineMs?: number): Promise<RegExpMatchArray>;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Ends it: `signal`, and SIGKILL after ten seconds. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface ChildOptions extends SpawnOptions {
  /** All that it reads. @default nothing */
  readonly input?: string;
}

export const startChild = (command: string, args: string[], { input, ...options }: ChildOptions = {}): Child => {
  const child = spawn(command, args, { ...options, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
  // One that ends before it has read all is told of by its exit code.
  child.stdin?.on('error', () => undefined).end(input);
  const watchers = new Set<() => void>();
  let text = '';
  const add = (chunk: Buffer) => {
    text += chunk;
    for (const look of watchers) look();
  };
  child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? -1));
    child.once('error', (error) => {
      text += error.message;
      resolve(-1);
    });
  });

  const seen = (pattern: RegExp, deadlineMs = 60_000): Promise<RegExpMatchArray> =>
    new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearInterval(timer);
        watchers.delete(look);
        act();
      };
      const fail = (why: string) => settle(() => reject(new Error(`${command} ${why} before ${pattern} was seen:\n${text.slice(-4000)}`)));
      const look = () => {
        const match = text.match(pattern);
        if (match) settle(() => resolve(match));
      };
      const startedAt = performance.now();
      const timer = setInterval(() => isOver(startedAt, deadlineMs) && fail(`was given ${deadlineMs} ms`), LOOK_MS);
      watchers.add(look);
      look();
      void ended.then((code) => fail(`ended with ${code}`));
    });

  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
  };

  return { process: child, output: () => text, seen, ended, stop };
};
