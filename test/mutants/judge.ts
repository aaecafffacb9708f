// What the tests say of a mutant: jest in a process of its own, which is ended when the mutant goes round in circles.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { ROOT } from '../support/files.ts';
import type { Mutation } from './mutations.ts';

export type Verdict = 'survived' | 'killed' | 'timed out';

export interface Judge {
  /** Null: the file as it is. */
  judge(mutation: Mutation | null): Promise<Verdict>;
}

const PROGRAM = join(ROOT, 'node_modules/jest/bin/jest.js');
/** The tests of the file as it is may take this long. */
const FIRST_MS = 600_000;
/** Beyond what they took then: the machine may have more to do by now. */
const longer = (tookMs: number): number => tookMs * 3 + 20_000;

/** `cache`: a folder for what jest keeps. */
export const createJudge = (file: string, suites: readonly string[], cache: string): Judge => {
  let limitMs = FIRST_MS;
  const args = [
    ...['--experimental-vm-modules', '--no-warnings', PROGRAM, '--config', join(ROOT, 'test/mutants/jest.config.js')],
    ...['--cacheDirectory', cache, '--runInBand', '--silent', '--runTestsByPath', ...suites.map((suite) => join(ROOT, suite))],
  ];
  return {
    judge: (mutation) =>
      new Promise((resolve, reject) => {
        const startedAt = performance.now();
        const mutant = mutation && { file: join(ROOT, file), start: mutation.start, end: mutation.end, text: mutation.text };
        const child = spawn(process.execPath, args, {
          cwd: ROOT,
          stdio: 'ignore',
          env: { ...process.env, SALLYPORT_MUTANT: JSON.stringify(mutant) },
        });
        const end = () => child.kill('SIGKILL');
        // Before the folder is cleared in which it writes.
        process.prependOnceListener('exit', end);
        let isLate = false;
        const timer = setTimeout(() => {
          isLate = true;
          end();
        }, limitMs);
        child.on('error', reject);
        child.on('exit', (status) => {
          clearTimeout(timer);
          process.off('exit', end);
          if (mutation === null) limitMs = longer(performance.now() - startedAt);
          resolve(isLate ? 'timed out' : status === 0 ? 'survived' : 'killed');
        });
      }),
  };
};
