// Suites as jest runs them: a process of its own, whose results are read from a file.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../support/files.ts';

/** What jest says of a test file. */
export interface Suite {
  /** Its file, absolute. */
  readonly name: string;
  readonly status: 'passed' | 'failed';
  /** Of all that failed in it, and why it could not start. */
  readonly message: string;
  readonly startTime: number;
  readonly endTime: number;
  readonly assertionResults: readonly Assertion[];
}

export interface Assertion {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

const environment = () => ({ ...process.env, NODE_OPTIONS: '--experimental-vm-modules --no-warnings' });
const PROGRAM = join(ROOT, 'node_modules/jest/bin/jest.js');

/** Throws when jest left no results. */
export const runJest = (args: readonly string[]): readonly Suite[] => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-test-'));
  const output = join(folder, 'results.json');
  try {
    spawnSync(process.execPath, [PROGRAM, '--json', `--outputFile=${output}`, ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: environment(),
    });
    return JSON.parse(readFileSync(output, 'utf8')).testResults;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Absolute paths of the suites that jest would run. */
export const listSuites = (...args: readonly string[]): readonly string[] => {
  const { stdout } = spawnSync(process.execPath, [PROGRAM, '--listTests', ...args], { cwd: ROOT, encoding: 'utf8', env: environment() });
  return stdout.split('\n').filter((line) => line !== '');
};

/** The suites that import one of these files, by whatever way, or are one. */
export const suitesOf = (files: readonly string[]): readonly string[] => listSuites('--findRelatedTests', ...files);
