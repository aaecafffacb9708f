// What a session needs beside the requests that it is used for: that it was used is noted now and then. No exchange waits for it or
// fails by it; but it must be over before the function is frozen, so the router waits for it at the end.
import type { Log } from '../../protocol/log.ts';
import type { Session } from '../stores/records.ts';
import { isNoteDue } from '../stores/session-use.ts';
import type { Clock, SessionStore } from './ports.ts';

export type KeepUp = (session: Session, used: boolean) => Promise<void>;

export interface KeepUpPorts {
  readonly sessions: Pick<SessionStore, 'noteUse'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** As many as sessions are remembered (caching.ts). */
const REMEMBERED_MAX = 5_000;

export const createKeepUp = ({ sessions, clock, log }: KeepUpPorts): KeepUp => {
  /** When this environment noted a use itself: what is remembered of the session is older. */
  const noted = new Map<string, number>();

  return async (session, used) => {
    const now = clock.now();
    const { parent, usedAt = 0 } = session;
    if (!used || !isNoteDue({ ...session, usedAt: Math.max(usedAt, noted.get(parent) ?? 0) }, now)) return;
    noted.delete(parent);
    noted.set(parent, now);
    if (noted.size > REMEMBERED_MAX) noted.delete(noted.keys().next().value!);
    await sessions.noteUse(session).catch((error: unknown) => {
      noted.delete(parent);
      log.warn('session.use-not-noted', { error });
    });
  };
};
