// What a session needs beside the requests that it is used for: that it was used is noted now and then, and when it is time the provider
// is asked anew. No exchange waits for it or fails by it; but it must be over before the function is frozen, so the router waits at the end.

import { CACHE_MS } from '../../protocol/limits.ts';
import type { Log } from '../../protocol/log.ts';
import type { Session } from '../stores/records.ts';
import { isNoteDue } from '../stores/session-use.ts';
import type { AskRefresh } from './ask-portal.ts';
import type { Clock, SessionStore } from './ports.ts';

export type KeepUp = (session: Session, used: boolean) => Promise<void>;

export interface KeepUpPorts {
  readonly sessions: Pick<SessionStore, 'noteUse'>;
  readonly askRefresh: AskRefresh;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** So long a session that was refreshed meanwhile may be remembered as it was before. */
const ASK_AGAIN_MS = 2 * CACHE_MS;
/** As many as sessions are remembered (caching.ts). */
const REMEMBERED_MAX = 5_000;

export const createKeepUp = ({ sessions, askRefresh, clock, log }: KeepUpPorts): KeepUp => {
  // By portal session, when this environment did it itself: what it remembers of the session may be older.
  const noted = new Map<string, number>();
  const asked = new Map<string, number>();

  const noteUse = async (session: Session, now: number): Promise<void> => {
    const { parent, usedAt = 0 } = session;
    if (!isNoteDue({ ...session, usedAt: Math.max(usedAt, noted.get(parent) ?? 0) }, now)) return;
    remember(noted, parent, now);
    await sessions.noteUse(session).catch((error: unknown) => {
      noted.delete(parent);
      log.warn('session.use-not-noted', { error });
    });
  };

  const refresh = async ({ parent, refreshAt }: Session, now: number): Promise<void> => {
    if (refreshAt === undefined || now < refreshAt || now - (asked.get(parent) ?? 0) < ASK_AGAIN_MS) return;
    remember(asked, parent, now);
    await askRefresh(parent).catch((error: unknown) => log.warn('session.refresh-not-asked', { error }));
  };

  return async (session, used) => {
    const now = clock.now();
    await Promise.all([used ? noteUse(session, now) : undefined, refresh(session, now)]);
  };
};

/** A map keeps the order of insertion: the first is the one of longest ago. */
const remember = (times: Map<string, number>, key: string, now: number): void => {
  times.delete(key);
  times.set(key, now);
  if (times.size > REMEMBERED_MAX) times.delete(times.keys().next().value!);
};
