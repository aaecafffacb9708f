// What a process holds, as the kernel tells it.
import { readFileSync } from 'node:fs';
import type { World } from './world.ts';

/** Megabytes of resident memory now. */
export const residentMegabytes = (pid: number): number => {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
};

export interface MemoryWatch {
  /** Takes a look now. */
  look(): void;
  /** The most that one of them has grown by, in what was seen. */
  readonly growthMegabytes: number;
  /** A line for whoever reads the test's output. */
  readonly told: string;
}

/** Watches a world's first connector, and the routers that there are. */
export const watchMemory = async (world: World): Promise<MemoryWatch> => {
  const environments = await world.control<Array<{ function: string; pid: number }>>('GET', '/lambda/environments');
  const routers = environments.filter(({ function: name }) => /router/i.test(name)).map(({ pid }) => pid);
  const pids = [world.ready.connectors[0]!.pid, ...routers];
  const atRest = pids.map(residentMegabytes);
  const most = [...atRest];
  return {
    look: () => {
      for (const [at, pid] of pids.entries()) most[at] = Math.max(most[at]!, residentMegabytes(pid));
    },
    get growthMegabytes() {
      return Math.max(...most.map((value, at) => value - atRest[at]!));
    },
    get told() {
      return pids.map((_, at) => `${at === 0 ? 'connector' : 'router'} ${atRest[at]} → ${most[at]} MB`).join(', ');
    },
  };
};
