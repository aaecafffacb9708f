// Signs users in to applications that speak SAML (Web Browser SSO Profile). `GET` and `POST /saml/idp/sso`: an application asks.
// `/saml/idp/start?application`: the portal's link does, where the application takes that. `/saml/idp/answer`: the user comes back from
// signing in here. The answer is a page that posts itself to the application.
import type { StepUp } from '../../../policy/decide.ts';
import { SallyportError } from '../../../protocol/errors.ts';
import { digest } from '../../keys.ts';
import { html } from '../../pages/html.ts';
import { answerPage } from '../../pages/page.ts';
import { authorise } from '../../router/authorise.ts';
import type { Session } from '../../stores/records.ts';
import { PORTAL_COOKIE, readSecret } from '../cookies.ts';
import { FailureWithWayOut, StepUpFailed } from '../failure.ts';
import { formToken, readOwnForm, TOKEN_FIELD } from '../own-form.ts';
import { currentSession } from '../portal-session.ts';
import type { PortalPorts } from '../ports.ts';
import { type PortalAnswer, type PortalRequest, single } from '../request.ts';
import { beginSignIn } from '../sign-in.ts';
import { externalOf, type SamlApplication, samlApplication } from './applications.ts';
import { openAsk, type SamlAsk } from './ask.ts';
import { readAuthnRequest } from './authn-request.ts';
import { START_PATH } from './names.ts';
import { answerNothing, assertUser, sessionAt } from './response.ts';
import { readSamlKeys, type SamlKey } from './signing.ts';

const SUBMIT = "document.getElementById('onward').submit()";
/** How long ago the user may have shown who they are, for an application that wants it anew. */
const ANEW_S = 60;
/** For as long as a request may be answered. */
const ANSWERED_ONCE_MS = 30 * 60_000;

/** Throws ERR_REQUEST_INVALID, ERR_ACCESS_DENIED, ERR_CONDITION_NOT_MET, ERR_GROUPS_UNKNOWN, ERR_IDENTITY_REFUSED, ERR_STORE_UNAVAILABLE. */
export const answerRequest = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const { application, ask, passive } = await readAuthnRequest(ports, request);
  const session = await currentSession(ports, request);
  if (passive && (session === null || (await missing(ports, request, application, ask, session)) !== null))
    return postTo(ports, ask, await answerNothing(ports, ask, await signingKey(ports)));
  return proceed(ports, request, application, ask, session);
};

/** The user has signed in meanwhile. */
export const answerAfterSignIn = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const session = await currentSession(ports, request);
  if (session === null)
    throw new SallyportError('ERR_SIGN_IN_INVALID', 'This sign-in was begun in another browser, or cookies are blocked.');
  const ask = await openAsk(single(request.query, 'ask'), session.id, await ports.stateKey(), ports.now());
  return proceed(ports, request, await known(ports, ask.application), ask, session);
};

/** Another site's page may lead here, but only the user says that they want to be signed in. */
export const start = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const application = await known(ports, single(request.query, 'application'));
  const { singleSignOn, host, path, homePath } = application;
  if (!singleSignOn.unsolicited)
    throw new SallyportError(
      'ERR_REQUEST_INVALID',
      `Open the application itself: ${application.id} takes no sign-in that it did not ask for.`,
    );
  const secret = readSecret(request, PORTAL_COOKIE);
  if (request.method === 'POST') readOwnForm(ports.portalUrl, request, secret ?? '', formOf(application));
  const ask: SamlAsk = {
    application: application.id,
    acsUrl: singleSignOn.acsUrls[0]!,
    requestId: null,
    relayState: externalOf(ports, `https://${host}${path}`) + homePath,
    mfa: false,
    anew: false,
    steppedUp: false,
    own: request.method === 'POST' || ['same-origin', 'none'].includes(request.headers['sec-fetch-site'] ?? ''),
    startedAt: ports.now(),
  };
  return proceed(ports, request, application, ask, await currentSession(ports, request));
};

const known = async (ports: PortalPorts, id: string | null): Promise<SamlApplication> => {
  const application = await samlApplication(ports, id);
  if (application !== null) return application;
  throw new SallyportError('ERR_APPLICATION_UNKNOWN', 'No application that speaks SAML is called so.');
};

const proceed = async (
  ports: PortalPorts,
  request: PortalRequest,
  application: SamlApplication,
  ask: SamlAsk,
  session: Session | null,
): Promise<PortalAnswer> => {
  try {
    const stepUp = session === null ? wishes(ask, null) : await missing(ports, request, application, ask, session);
    if (session !== null && stepUp === null)
      return ask.own ? await answer(ports, application, ask, session) : askUser(ports, request, application);
    if (session !== null && ask.steppedUp) throw new StepUpFailed(session.user.username);
    const further = { ...ask, anew: false, steppedUp: stepUp !== null };
    const target = { to: `${ports.portalUrl}/`, stepUp, saml: further };
    return await beginSignIn(ports, { ...request, query: new URLSearchParams() }, target, session);
  } catch (error) {
    throw new FailureWithWayOut(error, `${ports.portalUrl}/`);
  }
};

/** What the user is to show first; null: nothing. Throws ERR_ACCESS_DENIED, ERR_CONDITION_NOT_MET, ERR_GROUPS_UNKNOWN. */
const missing = async (
  { now }: PortalPorts,
  request: PortalRequest,
  application: SamlApplication,
  ask: SamlAsk,
  session: Session,
): Promise<StepUp | null> => {
  const { host, path } = application;
  const asked = { method: 'GET', host, path, query: '', headers: [], clientAddress: request.address, country: request.country };
  const conditions = await authorise(application, asked, { ...session, by: 'browser' }, now());
  return conditions === null && !ask.anew && (session.mfa || !ask.mfa) ? null : wishes(ask, conditions);
};

/** Of the application's request and of its conditions. */
const wishes = ({ mfa, anew }: SamlAsk, conditions: StepUp | null): StepUp | null => {
  if (!mfa && !anew && conditions === null) return null;
  const within = [conditions?.withinSeconds ?? null, anew ? ANEW_S : null].filter((seconds) => seconds !== null);
  return { mfa: mfa || conditions?.mfa === true, withinSeconds: within.length === 0 ? null : Math.min(...within) };
};

const answer = async (ports: PortalPorts, application: SamlApplication, ask: SamlAsk, session: Session): Promise<PortalAnswer> => {
  const { sessions, log } = ports;
  const { requestId, startedAt } = ask;
  const key = await signingKey(ports);
  const at = sessionAt(ports, application, session);
  const response = await assertUser(ports, application, ask, session, at, key);
  if (requestId !== null) {
    const name = digest(JSON.stringify([application.singleSignOn.entityId, requestId]));
    if (!(await sessions.takeAssertion(name, startedAt + ANSWERED_ONCE_MS)))
      throw new SallyportError(
        'ERR_SIGN_IN_INVALID',
        'This request of the application has been answered before: open the application once more.',
      );
  }
  // Before the application knows of it: what it knows can be signed out.
  await sessions.createAtSaml(at);
  log.info('saml.answered', { user: session.user.username, application: application.id });
  return postTo(ports, ask, response);
};

const postTo = ({ look, portalUrl }: PortalPorts, { acsUrl, relayState }: SamlAsk, response: string): PortalAnswer => {
  const url = externalOf({ portalUrl }, acsUrl);
  const content = html`<form id="onward" method="post" action="${url}">
<input type="hidden" name="SAMLResponse" value="${response}">
${relayState === null ? null : html`<input type="hidden" name="RelayState" value="${relayState}">`}
<p class="actions"><button type="submit">Continue</button></p>
</form>`;
  // The application leads on to its page, maybe on another host: CSP would stop the browser there.
  const formTargets = [...new Set([new URL(portalUrl).protocol, 'https:'])];
  const page = answerPage({ title: 'Signing in', look, content, script: SUBMIT }, { formTargets });
  // The application's host is told that the form is ours: it takes none from another application's page.
  return { ...page, headers: { ...page.headers, 'Referrer-Policy': 'strict-origin' } };
};

const formOf = ({ id }: SamlApplication): string => `saml-start ${id}`;

const askUser = ({ look }: PortalPorts, request: PortalRequest, application: SamlApplication): PortalAnswer => {
  const content = html`<p>You are about to be signed in to <strong>${application.name}</strong>.</p>
<form method="post" action="${START_PATH}?application=${application.id}">
<input type="hidden" name="${TOKEN_FIELD}" value="${formToken(readSecret(request, PORTAL_COOKIE) ?? '', formOf(application))}">
<p class="actions"><button type="submit">Open ${application.name}</button> <a href="/">Your applications</a></p>
</form>`;
  return answerPage({ title: `Open ${application.name}?`, look, content });
};

const signingKey = async ({ samlSecret }: PortalPorts): Promise<SamlKey> => readSamlKeys(await samlSecret())[0]!;
