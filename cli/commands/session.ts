// `sallyport session list USER` and `sallyport session revoke`: who is signed in, and the end of it.
import { SallyportError } from '../../protocol/errors.ts';
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

/** Throws ERR_REQUEST_INVALID unless it is said whose, exactly. */
export const revokeSessions = async (client: ControlClient, { user, session, application }: RevokeOptions, say: Say): Promise<void> => {
  const which = [
    ...(user === undefined ? [] : [{ user }]),
    ...(session === undefined ? [] : [{ session }]),
    ...(application ?? []).map((id) => ({ application: id })),
  ];
  const [only] = which;
  if (only === undefined || which.length > 1) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'Say which sessions end: one of --user NAME, --session ID, --application ID.');
  }
  const { revoked } = await client.revokeSessions(only);
  say(`${revoked === 1 ? 'One session is' : `${revoked} sessions are`} revoked; downloads and streams of theirs end within 10 seconds.`);
};

const moment = (at: number): string => `${new Date(at).toISOString().slice(0, 16)}Z`;
