// Hands a portal session over to an application host: by a code that works once, for a minute, and only in the browser that asked.
import { digest } from '../keys.ts';
import { createExternalUrls } from '../router/external-url.ts';
import type { Session } from '../stores/records.ts';
import type { PortalPorts } from './ports.ts';
import { type PortalAnswer, redirectTo } from './request.ts';
import { sealAsk } from './saml-idp/ask.ts';
import { ANSWER_PATH } from './saml-idp/names.ts';
import type { SignInTarget } from './sign-in-state.ts';
import { visitsFor } from './visits.ts';

const CODE_LIFETIME_MS = 60_000;

type HandOverPorts = Pick<PortalPorts, 'sessions' | 'directory' | 'portalUrl' | 'stateKey' | 'now' | 'randomSecret' | 'log'>;

/** Sends the browser on: to the target's host with a code, or to the portal itself. */
export const handOver = async (
  ports: HandOverPorts,
  session: Session,
  target: SignInTarget | null,
  cookies: readonly string[] = [],
): Promise<PortalAnswer> => {
  const { sessions, portalUrl, now, randomSecret, log } = ports;
  if (target === null) return redirectTo(`${portalUrl}/`, cookies);
  if ('saml' in target) {
    const ask = await sealAsk(target.saml, session.id, await ports.stateKey());
    return redirectTo(`${portalUrl}${ANSWER_PATH}?ask=${ask}`, cookies);
  }

  const to = new URL(target.to);
  const all = await visitsFor(ports, session.user, to);
  const visited = target.through === null ? 0 : all.indexOf(target.through) + 1;
  // Not a host that the application's pages may call for this user: the browser goes where it wanted, without a code.
  if (target.through !== null && visited === 0) return redirectTo(target.to, cookies);

  const host = target.through ?? to.hostname;
  const code = randomSecret();
  await sessions.createCode({
    id: digest(code),
    parent: session.id,
    host,
    challenge: target.challenge,
    returnHost: to.hostname,
    returnTo: to.pathname + to.search + to.hash,
    visits: all.slice(visited),
    visited,
    expiresAt: now() + CODE_LIFETIME_MS,
  });
  log.info('sign-in.handed-over', { user: session.user.username, host });
  return redirectTo(`${createExternalUrls(portalUrl).origin(host)}/.sallyport/session?code=${code}`, cookies);
};
