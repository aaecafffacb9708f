// For what becomes true within a time that the product promises and no event tells.
import { isOver } from './patience.ts';

const PAUSE_MS = 50;

/** Tries again until `act` no longer throws; rethrows its last error at the deadline, which is later on a busy machine. */
export const eventually = async <Value>(deadlineMs: number, act: () => Promise<Value> | Value): Promise<Value> => {
  const startedAt = performance.now();
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (isOver(startedAt, deadlineMs)) throw error;
    }
    await new Promise((resume) => setTimeout(resume, PAUSE_MS));
  }
};
