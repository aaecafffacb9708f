// Asks the provider anew who the user of a session is, when it is time: groups that were taken away are gone within that time, and a user
// who was disabled there is signed out here. Routers ask for it by an event, many at once; one of them has it done.
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import { groupsAreElsewhere, toUser } from '../identity/user-claims.ts';
import type { PortalPorts } from './ports.ts';
import { openRefreshToken, sealRefreshToken } from './refresh-token.ts';

/** What the router invokes the portal's function with. */
export interface RefreshEvent {
  /** Of a portal session. */
  readonly refresh: string;
}

/** Longer than the function runs: until then whoever has it in hand is left alone, and a provider that is away is spared. */
const RETRY_MS = 60_000;

type RefreshPorts = Pick<PortalPorts, 'sessions' | 'providers' | 'sessionRefreshMs' | 'refreshTokenKey' | 'now' | 'log'>;

/** Throws ERR_STORE_UNAVAILABLE: Lambda then tries again. */
export const refreshSession = async (ports: RefreshPorts, { refresh: id }: RefreshEvent): Promise<void> => {
  const { sessions, now, log, sessionRefreshMs } = ports;
  const session = await sessions.find(id);
  if (session?.refreshAt === undefined || session.refreshToken === undefined || session.refreshAt > now()) return;
  // A deployment since has turned it off: this session is not asked for again.
  if (!(await sessions.claimRefresh(session, sessionRefreshMs === undefined ? session.expiresAt : now() + RETRY_MS))) return;
  if (sessionRefreshMs === undefined) return;

  const { user } = session;
  try {
    const provider = ports.providers.find(({ profile }) => profile.issuer === user.issuer);
    // It was taken out of the tenant file, and with it who may speak for this user.
    if (provider?.refresh === undefined) throw new SallyportError('ERR_IDENTITY_REFUSED', `${user.issuer} signs nobody in any more.`);
    const key = await ports.refreshTokenKey();
    const claims = await provider.refresh(opened(session.refreshToken, key, id), user, (next) =>
      sessions.keepRefreshToken(id, sealRefreshToken(next, key, id)),
    );
    if (claims !== null && groupsAreElsewhere(claims, provider.profile.claims))
      log.warn('session.refresh-groups-left-out', { user: user.username });
    // How the user signed in is what it was.
    const refreshed = claims === null ? user : { ...toUser(claims, provider.profile), amr: user.amr };
    await sessions.refresh(session, refreshed, now() + sessionRefreshMs);
    log.info('session.refreshed', { user: refreshed.username, groups: refreshed.groups.length });
  } catch (thrown) {
    const error = asSallyportError(thrown);
    if (error.code === 'ERR_STORE_UNAVAILABLE') throw error;
    if (error.code !== 'ERR_IDENTITY_REFUSED') return log.warn('session.refresh-failed', { user: user.username, error });
    log.warn('session.refresh-refused', { user: user.username, error });
    await sessions.revoke(id);
    log.info('sign-out.by-provider', { by: 'refresh', audit: { kind: 'sign-out', user: user.username } });
  }
};

/** One that does not open is none of ours: the session is not what it was. */
const opened = (sealed: string, key: Uint8Array, session: string): string => {
  try {
    return openRefreshToken(sealed, key, session);
  } catch (cause) {
    throw new SallyportError('ERR_IDENTITY_REFUSED', 'The session’s refresh token cannot be opened.', { cause });
  }
};
