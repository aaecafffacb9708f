// What a process holds, as the kernel tells it.
import { readFileSync } from 'node:fs';

/** Megabytes of resident memory now. */
export const residentMegabytes = (pid: number): number => {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
};
