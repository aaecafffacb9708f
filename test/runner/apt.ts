// Debian's packages, installed without a person: it waits for whoever holds apt's locks, and what apt says is shown only where it fails.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Ended {
  readonly status: number | null;
  readonly stderr: string;
}

export interface Apt {
  run(command: string, args: readonly string[], cwd?: string): Ended;
  /** Monotonic. */
  now(): number;
  pause(ms: number): void;
  say(line: string): void;
}

/** Its package depends on Debian's Node, which would take the place of the one that runs. Its pages need none, so they come alone. */
const ALONE: ReadonlySet<string> = new Set(['novnc']);
/** Of the lists, of dpkg's front ends, of the downloads. */
const LOCK_HELD = /Could not get lock|Unable to (?:lock|acquire)/;
const LOCK_MS = 900_000;
const PAUSE_MS = 2_000;

export const canInstall = (): boolean => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

export const installCommand = (names: readonly string[]): string => `apt-get update && apt-get ${installing(names).join(' ')}`;

const installing = (names: readonly string[]) => ['install', '-y', '--no-install-recommends', ...names];

/** Tries to: whether all is there then is seen by its files. */
export const install = (names: readonly string[], apt: Apt = system): void => {
  const insist = (...line: Parameters<Apt['run']>): void => {
    const deadline = apt.now() + LOCK_MS;
    let ended = apt.run(...line);
    while (ended.status !== 0 && LOCK_HELD.test(ended.stderr) && apt.now() < deadline) {
      apt.pause(PAUSE_MS);
      ended = apt.run(...line);
    }
    if (ended.status !== 0) apt.say(ended.stderr);
  };

  insist('apt-get', ['update', '-qq']);
  const usual = names.filter((name) => !ALONE.has(name));
  if (usual.length > 0) insist('apt-get', installing(usual));
  for (const name of names.filter((each) => ALONE.has(each))) {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-package-'));
    // As root, whose folder it is.
    insist('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', name], folder);
    for (const file of readdirSync(folder)) insist('dpkg-deb', ['--extract', join(folder, file), '/']);
    rmSync(folder, { recursive: true, force: true });
  }
};

const system: Apt = {
  run: (command, args, cwd) =>
    spawnSync(command, args, {
      ...{ cwd, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    }),
  now: () => performance.now(),
  pause: (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
  say: (line) => console.error(line),
};
