// Answers may take a quarter of an hour; a sign-out, a revocation or a change of the policy in the meantime ends them too, within the time in
// which it is seen everywhere (D9). An answer that is through before costs nothing.
import { SallyportError } from '../../protocol/errors.ts';
import { CACHE_MS } from '../../protocol/limits.ts';
import type { Caller } from './caller.ts';
import type { Clock } from './ports.ts';

/** A little less than what is promised: asking takes its time, too. */
const WATCH_MS = CACHE_MS - 2_000;
/** How long a store that cannot be read is put up with. */
const UNKNOWN_MS = 30_000;

export interface Watched {
  /** Null where the application lets everyone pass. */
  readonly caller: Pick<Caller, 'keepUp'> | null;
  /** What ends it, or null (still-allowed.ts). */
  readonly stillAllowed: () => Promise<SallyportError | null>;
  /** Whether the session counts as used meanwhile. */
  readonly inUse: () => boolean;
  readonly ended: (error: SallyportError) => void;
}

/** Calls `ended` once when what is under way may not go on. The answer stops the watch. */
export const watchCaller = ({ caller, stillAllowed, inUse, ended }: Watched, clock: Clock): (() => void) => {
  let stopped = false;
  let knownAt = clock.now();
  let cancel = clock.after(WATCH_MS, look);

  function look(): void {
    void stillAllowed().then(
      (refusal) => {
        knownAt = clock.now();
        if (refusal === null) void caller?.keepUp(inUse());
        next(refusal);
      },
      () => next(clock.now() - knownAt < UNKNOWN_MS ? null : new SallyportError('ERR_SESSION_ENDED')),
    );
  }

  function next(refusal: SallyportError | null): void {
    if (stopped) return;
    if (refusal === null) cancel = clock.after(WATCH_MS, look);
    else ended(refusal);
  }

  return () => {
    stopped = true;
    cancel();
  };
};
