// Second pass: whose request it is. A token decides where one is sent; else the session cookie's digest names a session, and anything
// doubtful is nobody's.
import { SallyportError } from '../../protocol/errors.ts';
import { digest } from '../keys.ts';
import type { Application, Session } from '../stores/records.ts';
import { authenticateToken, type TokenPorts } from './authenticate-token.ts';
import type { Caller } from './caller.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { cookieValues, FRAMED_SESSION_COOKIE, isSecret, SESSION_COOKIE } from './cookies.ts';
import { isLax } from './framing.ts';
import type { KeepUp } from './keep-up.ts';
import type { FindSession, SessionStore } from './ports.ts';

export interface AuthenticatePorts extends TokenPorts {
  readonly findSession: FindSession;
  /** Never from memory. */
  readonly sessions: Pick<SessionStore, 'find'>;
  readonly keepUp: KeepUp;
}

/** Null: nobody. Throws ERR_TOKEN_INVALID, ERR_TOKEN_SCOPE, and what `bySession` and the identity provider throw. */
export const authenticate = async (
  ports: AuthenticatePorts,
  application: Application,
  request: Pick<CanonicalRequest, 'method' | 'headers' | 'host'>,
): Promise<Caller | null> =>
  (await authenticateToken(ports, application, request.headers)) ?? bySession(ports, await findGood(ports, application, request));

/** Null without a good session. Throws ERR_REQUEST_INVALID for two session cookies, ERR_STORE_UNAVAILABLE when it cannot be known. */
const findGood = async (
  { findSession, clock }: AuthenticatePorts,
  application: Application,
  request: Pick<CanonicalRequest, 'method' | 'headers' | 'host'>,
): Promise<Session | null> => {
  const { headers, host } = request;
  const framed = application.framedBy.length > 0 && isLax(request) ? cookieValues(headers, FRAMED_SESSION_COOKIE) : [];
  const own = cookieValues(headers, SESSION_COOKIE);
  const secrets = own.length > 0 ? own : framed;
  // Two readers could each take another one of two (session fixation), so neither counts.
  if (secrets.length > 1) throw new SallyportError('ERR_REQUEST_INVALID', 'The request has more than one session cookie.');
  const secret = secrets[0];
  if (secret === undefined || !isSecret(secret)) return null;

  const session = await findSession(digest(secret));
  return session !== null && session.host === host && session.expiresAt > clock.now() ? session : null;
};

const bySession = ({ sessions, keepUp }: AuthenticatePorts, session: Session | null): Caller | null => {
  if (session === null) return null;
  let known = session;
  return {
    user: session.user,
    by: 'browser',
    handle: session.id,
    token: null,
    mfa: session.mfa,
    authenticatedAt: session.authenticatedAt,
    expiresAt: session.expiresAt,
    session: { id: session.id, parent: session.parent },
    keepUp: (used) => keepUp(known, used),
    userNow: async () => {
      const found = await sessions.find(session.id);
      known = found ?? known;
      return found?.user ?? null;
    },
  };
};
