// `GET /sign-out` asks, `POST /sign-out` does: it ends the portal session, every application session that came from it, and the
// session at the provider. No other site can do it for the user: the form carries a token, and must come from this very host.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { SallyportError } from '../../protocol/errors.ts';
import { html } from '../pages/html.ts';
import { answerPage } from '../pages/page.ts';
import { clearCookie, PORTAL_COOKIE, readSecret } from './cookies.ts';
import { currentSession } from './portal-session.ts';
import type { PortalPorts } from './ports.ts';
import { type PortalAnswer, type PortalRequest, redirectTo, single } from './request.ts';

const SIGNED_OUT = '/signed-out';

export const askSignOut = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const session = await currentSession(ports, request);
  const secret = readSecret(request, PORTAL_COOKIE);
  if (session === null || secret === null) return redirectTo(ports.portalUrl + SIGNED_OUT, [clearCookie(PORTAL_COOKIE)]);

  const page = {
    title: 'Sign out?',
    look: ports.look,
    content: html`<p>You are signed in as <strong>${session.user.name}</strong>. Signing out ends this in all applications.</p>
<form method="post" action="/sign-out">
<input type="hidden" name="token" value="${tokenFor(secret)}">
<p class="actions"><button type="submit">Sign out</button> <a href="/">Stay signed in</a></p>
</form>`,
  };
  // The form's answer leads on to the provider, and from there maybe to others: CSP would stop the browser at the first of them.
  const provider = await providerOrigin(ports, session.idToken);
  return answerPage(page, { formTargets: provider === null ? [] : ['https:', provider] });
};

/** Throws ERR_REQUEST_INVALID when the form is not this user's own, ERR_STORE_UNAVAILABLE when nothing was ended. */
export const signOut = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const secret = readSecret(request, PORTAL_COOKIE);
  const session = await currentSession(ports, request);
  if (session === null || secret === null) return redirectTo(ports.portalUrl + SIGNED_OUT, [clearCookie(PORTAL_COOKIE)]);
  if (isFromElsewhere(ports.portalUrl, request) || !isToken(single(new URLSearchParams(request.body), 'token'), secret)) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'The form did not come from this site’s own page. Sign out from your portal.');
  }

  await ports.sessions.revoke(session.id);
  ports.log.info('sign-out.completed', { user: session.user.username });
  const onward = (await signOutUrl(ports, session.idToken)) ?? ports.portalUrl + SIGNED_OUT;
  return redirectTo(onward, [clearCookie(PORTAL_COOKIE)]);
};

export const showSignedOut = ({ look }: Pick<PortalPorts, 'look'>): PortalAnswer =>
  answerPage({
    title: 'You are signed out',
    look,
    content: html`<p>On a shared computer, close the browser as well.</p>
<p><a class="button" href="/">Sign in again</a></p>`,
  });

/** Browsers say where a request comes from (Fetch Metadata), or at least from which origin (RFC 6454). */
const isFromElsewhere = (portalUrl: string, { headers }: PortalRequest): boolean => {
  const { 'sec-fetch-site': site, origin } = headers;
  return (site !== undefined && site !== 'same-origin') || (origin !== undefined && origin !== portalUrl);
};

/** Known only to who can read the session's own page; tells nothing of the session's secret. */
const tokenFor = (secret: string): string => createHmac('sha256', secret).update('sign-out').digest('base64url');

const isToken = (given: string | null, secret: string): boolean => {
  const [one, other] = [Buffer.from(given ?? ''), Buffer.from(tokenFor(secret))];
  return one.length === other.length && timingSafeEqual(one, other);
};

/** Null when the provider offers none or is away: our own sessions end in any case. */
const signOutUrl = async ({ provider, log }: PortalPorts, idToken: string | undefined): Promise<string | null> => {
  try {
    return await provider.signOutUrl(idToken);
  } catch (error) {
    log.warn('sign-out.provider-away', { error });
    return null;
  }
};

const providerOrigin = async (ports: PortalPorts, idToken: string | undefined): Promise<string | null> => {
  const url = await signOutUrl(ports, idToken);
  return url === null ? null : new URL(url).origin;
};
