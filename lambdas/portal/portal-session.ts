// The portal session that a request's cookie names, if it is a good one.

import type { ProviderProfile } from '../identity/provider-profile.ts';
import { showsSecondFactor } from '../identity/second-factor.ts';
import { toUser } from '../identity/user-claims.ts';
import { digest } from '../keys.ts';
import type { Session } from '../stores/records.ts';
import { isNoteDue } from '../stores/session-use.ts';
import { PORTAL_COOKIE, readSecret, setCookie } from './cookies.ts';
import { deviceOf } from './device.ts';
import type { PortalPorts, SignedIn } from './ports.ts';
import type { PortalRequest } from './request.ts';
import { sealToken } from './sealed-token.ts';

type SessionPorts = Pick<PortalPorts, 'sessions' | 'now' | 'log'>;

/** Null without a session; one that is there is thereby used. An application's session is none here. Throws ERR_STORE_UNAVAILABLE. */
export const currentSession = async ({ sessions, now, log }: SessionPorts, request: PortalRequest): Promise<Session | null> => {
  const secret = readSecret(request, PORTAL_COOKIE);
  const session = secret === null ? null : await sessions.find(digest(secret));
  if (session?.host !== null) return null;
  if (isNoteDue(session, now())) await sessions.noteUse(session).catch((error: unknown) => log.warn('session.use-not-noted', { error }));
  return session;
};

/** What a sign-in shows beyond who it is. */
export const shownBy = ({ secondFactor }: ProviderProfile, { claims }: SignedIn): Pick<Session, 'mfa' | 'authenticatedAt'> => ({
  mfa: showsSecondFactor(claims, secondFactor),
  authenticatedAt: typeof claims.auth_time === 'number' ? claims.auth_time * 1000 : null,
});

/** A new session under a new id, whatever the browser brought along (session fixation), and the cookie that names it. */
export const createSession = async (
  ports: PortalPorts,
  request: PortalRequest,
  profile: ProviderProfile,
  signedIn: SignedIn,
  previous?: string,
): Promise<{ readonly session: Session; readonly cookie: string }> => {
  const { claims, idToken, refreshToken } = signedIn;
  const { sessions, sessionLifetimeMs, sessionIdleMs, sessionRefreshMs, now, randomSecret } = ports;
  const secret = randomSecret();
  const id = digest(secret);
  const createdAt = now();
  const user = toUser(claims, profile);
  const session: Session = {
    id,
    parent: id,
    host: null,
    user,
    createdAt,
    expiresAt: createdAt + sessionLifetimeMs,
    ...shownBy(profile, signedIn),
    ...(sessionIdleMs === undefined ? {} : { idleMs: sessionIdleMs, usedAt: createdAt }),
    ...(sessionRefreshMs === undefined || refreshToken === undefined
      ? {}
      : { refreshAt: createdAt + sessionRefreshMs, refreshToken: sealToken(refreshToken, await ports.refreshTokenKey(), id) }),
    idToken,
    providerSession: typeof claims.sid === 'string' ? claims.sid : undefined,
    previous,
    device: deviceOf(request.headers['user-agent']) ?? undefined,
    address: request.address,
  };
  await sessions.create(session);
  return { session, cookie: setCookie(PORTAL_COOKIE, secret, sessionLifetimeMs) };
};
