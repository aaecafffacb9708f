// How long to wait on a machine that has other things to do as well. A deadline in a test is what something takes at most where nothing else
// runs; where as many wait for a core as run on one, everything takes twice as long.
import { availableParallelism, loadavg } from 'node:os';

export const slowness = (): number => Math.max(1, loadavg()[0]! / availableParallelism());

/** Whether a wait that began then, by `performance.now()`, has lasted longer than it may. */
export const isOver = (startedAt: number, deadlineMs: number): boolean => performance.now() - startedAt > deadlineMs * slowness();
