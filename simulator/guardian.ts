// Sees to it that no process that we started outlives us. A stopped process cannot notice that its parent is gone, and a parent
// that is killed cannot say goodbye; so a small shell holds the list and kills what is on it when our end of its pipe closes.
import { type ChildProcess, spawn } from 'node:child_process';

/** Each line is the whole list; the end of the input is the parent's end. SIGKILL also reaches stopped processes. */
const SCRIPT = `trap '' INT TERM HUP
while read -r line; do pids="$line"; done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done`;

export class Guardian {
  readonly #pids = new Set<number>();
  #shell: ChildProcess | null = null;

  watch(pid: number): void {
    this.#pids.add(pid);
    this.#tell();
  }

  /** To be called once the process has ended, before its number can belong to another. */
  forget(pid: number): void {
    if (this.#pids.delete(pid)) this.#tell();
  }

  /** Kills what is left. */
  dispose(): void {
    this.#shell?.stdin?.end();
    this.#shell = null;
    this.#pids.clear();
  }

  #tell(): void {
    this.#shell ??= start();
    this.#shell.stdin?.write(`${[...this.#pids].join(' ')}\n`);
  }
}

/** In a process group of its own: Ctrl-C in a terminal goes to the whole group of the foreground. */
const start = (): ChildProcess => {
  const shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: {} });
  shell.on('error', () => {}); // No shell: then only an orderly end ends the children.
  shell.stdin?.on('error', () => {});
  shell.unref();
  (shell.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return shell;
};
