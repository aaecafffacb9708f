// `sallyport session list USER` and `sallyport session revoke`: who is signed in, and the end of it.
import type { ControlClient } from '../control-client.ts';

type Say = (line: string) => void;

export const listSessions = async (client: ControlClient, user: string, say: Say): Promise<void> => {
  const sessions = await client.sessions(user);
  if (sessions.length === 0) return say(`${user} is not signed in.`);
  for (const { id, createdAt, expiresAt, mfa } of sessions) {
    say(`${id}  since ${moment(createdAt)}, until ${moment(expiresAt)}${mfa ? ', with a second factor' : ''}`);
  }
};

export interface RevokeOptions {
  readonly user?: string;
  readonly session?: string;
  readonly application?: readonly string[];
}

/** One of them is said. */
export const revokeSessions = async (client: ControlClient, { user, session, application }: RevokeOptions, say: Say): Promise<void> => {
  const which = user !== undefined ? { user } : session !== undefined ? { session } : { application: application![0]! };
  const { revoked } = await client.revokeSessions(which);
  if (revoked === 0) return say('Nobody was signed in there: nothing was revoked.');
  say(`${revoked === 1 ? 'One session is' : `${revoked} sessions are`} revoked; downloads and streams of theirs end within 10 seconds.`);
};

const moment = (at: number): string => `${new Date(at).toISOString().slice(0, 16)}Z`;
