// Answers may take a quarter of an hour; a sign-out or a revocation in the meantime ends them too, within the time in which it is seen
// everywhere (D9). An answer that is through before costs nothing.
import { SallyportError } from '../../protocol/errors.ts';
import { CACHE_MS } from '../../protocol/limits.ts';
import type { Caller } from './caller.ts';
import type { Clock } from './ports.ts';

/** A little less than what is promised: asking takes its time, too. */
const WATCH_MS = CACHE_MS - 2_000;
/** How long a store that cannot be read is put up with. */
const UNKNOWN_MS = 30_000;

/** Calls `ended` once when the caller's session or token does not hold any more; meanwhile the session counts as used where `inUse`. The answer stops the watch. */
export const watchCaller = (
  caller: Pick<Caller, 'stillGood' | 'keepUp'> | null,
  clock: Clock,
  inUse: () => boolean,
  ended: (error: SallyportError) => void,
): (() => void) => {
  if (caller === null) return () => undefined;
  let stopped = false;
  let knownAt = clock.now();
  let cancel = clock.after(WATCH_MS, look);

  function look(): void {
    void caller!.stillGood().then(
      (good) => {
        knownAt = clock.now();
        if (good) void caller!.keepUp(inUse());
        next(good);
      },
      () => next(clock.now() - knownAt < UNKNOWN_MS),
    );
  }

  function next(good: boolean): void {
    if (stopped) return;
    if (good) cancel = clock.after(WATCH_MS, look);
    else ended(new SallyportError('ERR_SESSION_ENDED'));
  }

  return () => {
    stopped = true;
    cancel();
  };
};
