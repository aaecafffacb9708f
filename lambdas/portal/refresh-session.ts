// Asks the provider anew who the user of a session is, when it is time: groups that were taken away are gone within that time, and a user
// who was disabled there is signed out here. Routers ask for it by an event, many at once; one of them has it done.
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import { groupsAreElsewhere, toUser } from '../identity/user-claims.ts';
import type { Session } from '../stores/records.ts';
import type { AccessToken, PortalPorts } from './ports.ts';
import { accessTokenOf, openToken, sealToken } from './sealed-token.ts';

/** What the router invokes the portal's function with. */
export interface RefreshEvent {
  /** Of a portal session. */
  readonly refresh: string;
}

/** Longer than the function runs: until then whoever has it in hand is left alone, and a provider that is away is spared. */
export const RETRY_MS = 60_000;
/** An access token that is kept is renewed before it ends. */
const RENEWAL_MS = 60_000;

export type RefreshPorts = Pick<PortalPorts, 'sessions' | 'providers' | 'sessionRefreshMs' | 'refreshTokenKey' | 'now' | 'log'>;

/** Throws ERR_STORE_UNAVAILABLE: Lambda then tries again. */
export const refreshSession = async (ports: RefreshPorts, { refresh: id }: RefreshEvent): Promise<void> => {
  const session = await ports.sessions.find(id);
  if (session?.refreshAt === undefined || session.refreshAt > ports.now()) return;
  await renewSession(ports, session, session.accessToken !== undefined);
};

/** False when another function has it in hand. `keepAccess`: the access token that comes with it is kept, too. Throws ERR_STORE_UNAVAILABLE. */
export const renewSession = async (ports: RefreshPorts, session: Session, keepAccess: boolean): Promise<boolean> => {
  const { sessions, now, log, sessionRefreshMs } = ports;
  const { id, user, refreshToken } = session;
  if (refreshToken === undefined) return false;
  // A deployment since has turned it off: this session is not asked for again.
  if (!(await sessions.claimRefresh(session, sessionRefreshMs === undefined ? session.expiresAt : now() + RETRY_MS))) return false;
  if (sessionRefreshMs === undefined) return true;

  try {
    const provider = ports.providers.find(({ profile }) => profile.issuer === user.issuer);
    // It was taken out of the tenant file, and with it who may speak for this user.
    if (provider?.refresh === undefined) throw new SallyportError('ERR_IDENTITY_REFUSED', `${user.issuer} signs nobody in any more.`);
    const key = await ports.refreshTokenKey();
    const { claims, access } = await provider.refresh(opened(refreshToken, key, id), user, (next) =>
      sessions.keepRefreshToken(id, sealToken(next, key, id)),
    );
    if (claims !== null && groupsAreElsewhere(claims, provider.profile.claims))
      log.warn('session.refresh-groups-left-out', { user: user.username });
    // How the user signed in is what it was.
    const refreshed = claims === null ? user : { ...toUser(claims, provider.profile), amr: user.amr };
    const kept = keepAccess
      ? { accessToken: sealToken(access.token, key, accessTokenOf(id)), accessTokenUntil: access.goodUntil }
      : undefined;
    await sessions.refresh(session, refreshed, now() + Math.min(sessionRefreshMs, keepAccess ? renewalIn(access, now()) : Infinity), kept);
    log.info('session.refreshed', { user: refreshed.username, groups: refreshed.groups.length });
  } catch (thrown) {
    const error = asSallyportError(thrown);
    if (error.code === 'ERR_STORE_UNAVAILABLE') throw error;
    if (error.code !== 'ERR_IDENTITY_REFUSED') {
      log.warn('session.refresh-failed', { user: user.username, error });
      return true;
    }
    log.warn('session.refresh-refused', { user: user.username, error });
    await sessions.revoke(id);
    log.info('sign-out.by-provider', { by: 'refresh', audit: { kind: 'sign-out', user: user.username } });
  }
  return true;
};

const renewalIn = ({ goodUntil }: AccessToken, now: number): number => {
  const lifetime = Math.max(0, goodUntil - now);
  return lifetime - Math.min(RENEWAL_MS, lifetime / 2);
};

/** One that does not open is none of ours: the session is not what it was. */
const opened = (sealed: string, key: Uint8Array, session: string): string => {
  try {
    return openToken(sealed, key, session);
  } catch (cause) {
    throw new SallyportError('ERR_IDENTITY_REFUSED', 'The session’s refresh token cannot be opened.', { cause });
  }
};
