// Slows a streamed response down after its first bytes, on the injected clock.
import type { Clock } from '../services.ts';

export interface Pace {
  /** How long to wait before these bytes may go out. */
  delayMs(bytes: number): number;
}

export const createPace = (clock: Pick<Clock, 'now'>, freeBytes: number, bytesPerSecond: number): Pace => {
  let sent = 0;
  /** When the last of the bytes taken so far may go out. */
  let free = Number.NEGATIVE_INFINITY;
  return {
    delayMs: (bytes) => {
      const paced = Math.min(bytes, Math.max(0, sent + bytes - freeBytes));
      sent += bytes;
      if (paced === 0 || bytesPerSecond === Number.POSITIVE_INFINITY) return 0;
      const now = clock.now();
      free = Math.max(free, now) + (paced / bytesPerSecond) * 1000;
      return free - now;
    },
  };
};
