// Hands a portal session over to an application host: by a code that works once, for a minute, and only in the browser that asked.
import { digest } from '../keys.ts';
import type { Session } from '../stores/records.ts';
import type { PortalPorts } from './ports.ts';
import { type PortalAnswer, redirectTo } from './request.ts';
import type { SignInTarget } from './sign-in-state.ts';

const CODE_LIFETIME_MS = 60_000;

/** Sends the browser on: to the target's host with a code, or to the portal itself. */
export const handOver = async (
  { sessions, portalUrl, now, randomSecret, log }: Pick<PortalPorts, 'sessions' | 'portalUrl' | 'now' | 'randomSecret' | 'log'>,
  session: Session,
  target: SignInTarget | null,
  cookies: readonly string[] = [],
): Promise<PortalAnswer> => {
  if (target === null) return redirectTo(`${portalUrl}/`, cookies);

  const { origin, hostname, pathname, search } = new URL(target.to);
  const code = randomSecret();
  await sessions.createCode({
    id: digest(code),
    parent: session.id,
    host: hostname,
    challenge: target.challenge,
    returnTo: pathname + search,
    expiresAt: now() + CODE_LIFETIME_MS,
  });
  log.info('sign-in.handed-over', { user: session.user.username, host: hostname });
  return redirectTo(`${origin}/.sallyport/session?code=${code}`, cookies);
};
