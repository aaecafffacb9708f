// `GET /sign-out` asks, `POST /sign-out` does: it ends the portal session, every application session that came from it, and the
// session at the provider. No other site can do it for the user: the form carries a token, and must come from this very host.
import { html } from '../pages/html.ts';
import { answerPage } from '../pages/page.ts';
import type { Session } from '../stores/records.ts';
import { clearCookie, PORTAL_COOKIE, readSecret } from './cookies.ts';
import { formToken, readOwnForm, TOKEN_FIELD } from './own-form.ts';
import { currentSession } from './portal-session.ts';
import type { PortalPorts } from './ports.ts';
import { providerOf } from './providers.ts';
import { type PortalAnswer, type PortalRequest, redirectTo } from './request.ts';
import { endEverywhere, participants } from './saml-idp/sign-out.ts';

const SIGNED_OUT = '/signed-out';
const FORM = 'sign-out';

export const askSignOut = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const session = await currentSession(ports, request);
  const secret = readSecret(request, PORTAL_COOKIE);
  if (session === null || secret === null) return redirectTo(ports.portalUrl + SIGNED_OUT, [clearCookie(PORTAL_COOKIE)]);

  const page = {
    title: 'Sign out?',
    look: ports.look,
    content: html`<p>You are signed in as <strong>${session.user.name}</strong>. Signing out ends this in all applications.</p>
<form method="post" action="/sign-out">
<input type="hidden" name="${TOKEN_FIELD}" value="${formToken(secret, FORM)}">
<p class="actions"><button type="submit">Sign out</button> <a href="/">Stay signed in</a></p>
</form>`,
  };
  return answerPage(page, { formTargets: await formTargetsOf(ports, session) });
};

/** Throws ERR_REQUEST_INVALID when the form is not this user's own, ERR_STORE_UNAVAILABLE when nothing was ended. */
export const signOut = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const secret = readSecret(request, PORTAL_COOKIE);
  const session = await currentSession(ports, request);
  if (session === null || secret === null) return redirectTo(ports.portalUrl + SIGNED_OUT, [clearCookie(PORTAL_COOKIE)]);
  readOwnForm(ports.portalUrl, request, secret, FORM);
  return leave(ports, session);
};

/** Ends this session here, at applications that speak SAML, and at the provider. */
export const leave = async (ports: PortalPorts, session: Session): Promise<PortalAnswer> => {
  const onward = (await signOutUrl(ports, session)) ?? ports.portalUrl + SIGNED_OUT;
  const url = await endEverywhere(ports, session.id, onward);
  ports.log.info('sign-out.completed', { audit: { kind: 'sign-out', user: session.user.username } });
  return redirectTo(url, [clearCookie(PORTAL_COOKIE)]);
};

export const showSignedOut = ({ look, providers }: Pick<PortalPorts, 'look' | 'providers'>): PortalAnswer =>
  answerPage({
    title: 'You are signed out',
    look,
    content: html`<p>On a shared computer, close the browser as well.</p>
<p class="actions"><a class="button" href="/">Sign in again</a>
${providers.length === 1 ? null : html`<a href="/sign-in?choose=1">Sign in another way</a>`}</p>`,
  });

/** Null when the provider offers none or is away: our own sessions end in any case. */
const signOutUrl = async (ports: PortalPorts, session: Session): Promise<string | null> => {
  try {
    return (await providerOf(ports, session)?.signOutUrl(session.idToken)) ?? null;
  } catch (error) {
    ports.log.warn('sign-out.provider-away', { error });
    return null;
  }
};

/** The form's answer leads on to applications, to the provider, and from there maybe to others: CSP would stop the browser at the first. */
export const formTargetsOf = async (ports: PortalPorts, session: Session): Promise<string[]> => {
  const url = await signOutUrl(ports, session);
  const provider = url === null ? [] : ['https:', new URL(url).origin];
  const isTold = (await participants(ports, session.id)).length > 0;
  return [...new Set([...provider, ...(isTold ? ['https:', new URL(ports.portalUrl).protocol] : [])])];
};
