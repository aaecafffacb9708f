// Whether this machine's cores have time to spare, whoever uses them.
import { cpus } from 'node:os';

export interface CoreTimes {
  /** Milliseconds of all cores together. */
  readonly idle: number;
  readonly all: number;
}

/** Shorter stretches say little: the kernel counts by hundredths of a second. */
const STRETCH_MS = 100;
const SPARE_SHARE = 0.1;

/** Answers by the last stretch of time between two questions that was long enough. */
export const watchCores = (now: () => number = () => performance.now(), read: () => CoreTimes = readCores): (() => boolean) => {
  let before = read();
  let at = now();
  let spare = true;

  return () => {
    if (now() - at < STRETCH_MS) return spare;
    const times = read();
    spare = times.idle - before.idle > (times.all - before.all) * SPARE_SHARE;
    before = times;
    at = now();
    return spare;
  };
};

const readCores = (): CoreTimes =>
  cpus().reduce(
    ({ idle, all }, { times }) => ({ idle: idle + times.idle, all: all + times.idle + times.user + times.nice + times.sys + times.irq }),
    { idle: 0, all: 0 },
  );
