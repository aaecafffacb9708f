// On what it was measured: figures of one machine are no figures of another.
import { cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  readonly processors: string;
  readonly memoryGigabytes: number;
  readonly system: string;
  readonly node: string;
  /** What else ran in the minute before. */
  readonly loadBefore: number;
}

export const machine = (): Machine => ({
  processors: `${cpus().length} × ${cpus()[0]?.model}`,
  memoryGigabytes: Math.round(totalmem() / 1024 ** 3),
  system: `${process.platform} ${release()} ${process.arch}`,
  node: process.version,
  loadBefore: loadavg()[0]!,
});

export const where = ({ processors, memoryGigabytes, system, node, loadBefore }: Machine): string =>
  `${processors}, ${memoryGigabytes} GB, ${system}, Node ${node} · load before: ${loadBefore.toFixed(1)}`;
