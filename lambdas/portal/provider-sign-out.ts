// The identity provider ends a session of its own, and says so: `POST /back-channel-logout` by itself, `GET /front-channel-logout` by way
// of the user's browser (OpenID Connect Back-Channel and Front-Channel Logout 1.0). Ours that came from it end too, everywhere.
import { SallyportError } from '../../protocol/errors.ts';
import { SECURITY_HEADERS } from '../pages/page.ts';
import type { Session } from '../stores/records.ts';
import type { PortalPorts } from './ports.ts';
import { type PortalAnswer, type PortalRequest, single } from './request.ts';

const EMPTY = { ...SECURITY_HEADERS, 'Content-Type': 'text/html; charset=utf-8' };

/** Throws ERR_TOKEN_INVALID, ERR_IDENTITY_PROVIDER_UNREACHABLE, ERR_STORE_UNAVAILABLE: the provider then tries again. */
export const backChannelLogout = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const token = single(new URLSearchParams(request.body), 'logout_token');
  if (token === null) throw new SallyportError('ERR_REQUEST_INVALID', 'A form with one logout_token was expected.');
  const { issuer, subject, providerSession } = await ports.logoutTokens.verify(token);
  const handle = providerSession === null ? { issuer, subject: subject! } : { issuer, providerSession };
  const sessions = await ports.sessions.withHandle(handle);
  await endSessions(
    ports,
    sessions.filter(({ user }) => subject === null || user.subject === subject),
    'back-channel',
  );
  return { statusCode: 200, headers: EMPTY };
};

/** Needs no cookie, which browsers keep from framed pages: nobody can guess the provider's session id. */
export const frontChannelLogout = async (ports: PortalPorts, { query }: PortalRequest): Promise<PortalAnswer> => {
  const [issuer, providerSession] = [single(query, 'iss'), single(query, 'sid')];
  if (issuer === null || providerSession === null || providerSession === '') {
    throw new SallyportError('ERR_REQUEST_INVALID', 'iss and sid were expected, each once: ask the provider to send them.');
  }
  await endSessions(ports, await ports.sessions.withHandle({ issuer, providerSession }), 'front-channel');
  return { statusCode: 200, headers: EMPTY, body: '' };
};

export const endSessions = async ({ sessions, log }: PortalPorts, ended: readonly Session[], by: string): Promise<void> => {
  for (const { id, user } of ended) {
    await sessions.revoke(id);
    log.info('sign-out.by-provider', { by, audit: { kind: 'sign-out', user: user.username } });
  }
};
