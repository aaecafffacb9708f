// Time that a test moves, for every process that is told of it: Debian's faketime reads from one file how far it is ahead.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withClockFrom } from './faketime.ts';

export interface MovedTime {
  /** For the processes that are to have it. */
  readonly variables: Readonly<Record<string, string>>;
  now(): number;
  /** It does not wake those that wait for a timer. */
  forward(ms: number): void;
  dispose(): void;
}

export const createMovedTime = (): MovedTime => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-time-'));
  const file = join(folder, 'ahead');
  let aheadMs = 0;
  // Read at every look at a clock, so it must never be seen half written.
  const write = (): void => {
    writeFileSync(`${file}.draft`, `+${aheadMs / 1000}\n`);
    renameSync(`${file}.draft`, file);
  };
  write();
  return {
    variables: withClockFrom(file),
    now: () => Date.now() + aheadMs,
    forward: (ms) => {
      aheadMs += ms;
      write();
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
};

/** A process that sleeps until its next timer looks at its clocks again: it was stopped for a moment. */
export const wake = (pid: number): void => {
  process.kill(pid, 'SIGSTOP');
  process.kill(pid, 'SIGCONT');
};
