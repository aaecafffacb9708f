// Second pass: whose request it is. The session cookie's digest names a session; anything doubtful is nobody's.
import { SallyportError } from '../../protocol/errors.ts';
import { digest } from '../keys.ts';
import type { Session } from '../stores/records.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { cookieValues, isSecret, SESSION_COOKIE } from './cookies.ts';
import type { Clock, FindSession } from './ports.ts';

/** Null without a good session. Throws ERR_REQUEST_INVALID for two session cookies, ERR_STORE_UNAVAILABLE when it cannot be known. */
export const authenticate = async (
  findSession: FindSession,
  clock: Pick<Clock, 'now'>,
  { headers, host }: Pick<CanonicalRequest, 'headers' | 'host'>,
): Promise<Session | null> => {
  const secrets = cookieValues(headers, SESSION_COOKIE);
  // Two readers could each take another one of two (session fixation), so neither counts.
  if (secrets.length > 1) throw new SallyportError('ERR_REQUEST_INVALID', 'The request has more than one session cookie.');
  const secret = secrets[0];
  if (secret === undefined || !isSecret(secret)) return null;

  const session = await findSession(digest(secret));
  return session !== null && session.host === host && session.expiresAt > clock.now() ? session : null;
};
