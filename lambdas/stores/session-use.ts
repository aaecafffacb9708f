// When a session has lain unused for too long. A use is noted only when the last note is a tenth of that time old, so that most requests
// write nothing; so a session may end up to that tenth early, and never late.
import type { Session } from './records.ts';

const NOTES_IN_IDLE_TIME = 10;

type Used = Pick<Session, 'idleMs' | 'usedAt'>;

export const isUnused = ({ idleMs, usedAt }: Used, now: number): boolean => idleMs !== undefined && now - (usedAt ?? 0) >= idleMs;

/** Whether a use at this moment is to be noted. */
export const isNoteDue = ({ idleMs, usedAt }: Used, now: number): boolean =>
  idleMs !== undefined && (usedAt ?? 0) <= noteWindow(idleMs, now).until;

/** Between which moments the last note must lie for another one: not over, and not of a moment ago. */
export const noteWindow = (idleMs: number, now: number): { readonly after: number; readonly until: number } => ({
  after: now - idleMs + 1,
  until: now - Math.ceil(idleMs / NOTES_IN_IDLE_TIME),
});
