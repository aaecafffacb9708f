// Sessions that may not lie unused for long, as the relay sees them: what a person does in a WebSocket is use of theirs, and one that has ended
// meanwhile carries nothing more. The store is asked once in a tenth of the idle time, however many messages pass.
import type { Session, Sessions } from '../stores/records.ts';
import { isNoteDue } from '../stores/session-use.ts';

export interface WatchedSession extends Pick<Session, 'id' | 'parent'> {
  readonly idleMs: number;
}

/** False: the session has ended. Throws ERR_STORE_UNAVAILABLE when that cannot be known. */
export type KeepSession = (session: WatchedSession, used: boolean) => Promise<boolean>;

export interface KeepSessionPorts {
  readonly sessions: Pick<Sessions, 'noteUse' | 'find'>;
  readonly now: () => number;
}

interface Known {
  /** When this environment noted a use. */
  readonly usedAt: number;
  readonly askedAt: number;
  readonly good: boolean;
}

const REMEMBERED_MAX = 5_000;

export const createKeepSession = ({ sessions, now }: KeepSessionPorts): KeepSession => {
  const remembered = new Map<string, Known>();

  return async (session, used) => {
    const { id, idleMs } = session;
    const at = now();
    const known = remembered.get(id) ?? { usedAt: 0, askedAt: 0, good: true };
    // One that has ended does not begin again.
    if (!known.good) return false;
    const notes = used && isNoteDue({ idleMs, usedAt: known.usedAt }, at);
    if (!notes && !isNoteDue({ idleMs, usedAt: known.askedAt }, at)) return true;
    if (notes) await sessions.noteUse(session);
    const good = (await sessions.find(id)) !== null;
    remembered.delete(id);
    if (remembered.size >= REMEMBERED_MAX) remembered.delete(remembered.keys().next().value!);
    remembered.set(id, { usedAt: notes ? at : known.usedAt, askedAt: at, good });
    return good;
  };
};
