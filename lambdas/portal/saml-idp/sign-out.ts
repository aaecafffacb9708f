// Signs out of applications that speak SAML, one after the other by way of the browser (Single Logout Profile): each gets a signed request
// and sends the browser back here. Their requests reach them through our own session, so that ends last; should one of them not
// send the browser back, it ends by itself within seconds.
import { SallyportError } from '../../../protocol/errors.ts';
import { digest } from '../../keys.ts';
import { html, markupOf } from '../../pages/html.ts';
import type { Application, SamlSession, Session, SignOutAnswer, SignOutChain } from '../../stores/records.ts';
import { clearCookie, PORTAL_COOKIE, readSecret } from '../cookies.ts';
import type { PortalPorts } from '../ports.ts';
import { formOf, type PortalAnswer, type PortalRequest, redirectTo, single } from '../request.ts';
import { externalOf, samlApplication, samlApplicationOf } from './applications.ts';
import { checkHead } from './authn-request.ts';
import { attribute, children, readMessage, refused, textOf } from './message.ts';
import { ASSERTION, IDP_METADATA_PATH, NAME_ID_FORMATS, PROTOCOL, SLO_PATH } from './names.ts';
import { instant, SUCCESS, sessionIdOf } from './response.ts';
import { readSamlKeys, signedUrl } from './signing.ts';

/** What is left of a session while its applications are told. */
const CHAIN_MS = 20_000;

type Onward = SignOutChain['onward'];

/** Whom a sign-out has to pass. Throws ERR_STORE_UNAVAILABLE. */
export const participants = async (ports: PortalPorts, session: string): Promise<readonly SamlSession[]> =>
  toldOf(ports, await lineOf(ports, session));

/** Ends the session everywhere, and leads on; `by` is where the user did it. Throws ERR_STORE_UNAVAILABLE. */
export const endEverywhere = async (ports: PortalPorts, session: string, onward: Onward, by?: SamlSession): Promise<string> => {
  const line = await lineOf(ports, session);
  const told = (await toldOf(ports, line)).filter(({ id }) => id !== by?.id);
  // What it took over from ends with it.
  const newest = line.find(({ id }) => !line.some(({ previous }) => previous === id))?.id ?? session;
  if (told.length === 0 && typeof onward === 'string') {
    await ports.sessions.revoke(newest);
    return onward;
  }
  const needed = [...told.map(({ application }) => application), ...(typeof onward === 'string' ? [] : [onward.application])];
  for (const { id } of line) {
    await ports.sessions.endBy(id, ports.now() + CHAIN_MS);
    await endOthers(ports, id, needed);
  }
  return next(ports, { session: newest, left: told, onward });
};

/** The session, those that it took over from, and those that took over from it: to its user they are one sign-in. */
const lineOf = async ({ sessions }: PortalPorts, id: string): Promise<readonly Session[]> => {
  const session = await sessions.find(id);
  if (session === null) return [];
  const { issuer, subject } = session.user;
  const all = await sessions.withHandle({ issuer, subject });
  const line = [session];
  const isNext = (one: Session): boolean =>
    !line.some((known) => known.id === one.id) && line.some((known) => known.id === one.previous || known.previous === one.id);
  for (let found = all.find(isNext); found !== undefined; found = all.find(isNext)) line.push(found);
  return line;
};

const toldOf = async (ports: PortalPorts, line: readonly Session[]): Promise<readonly SamlSession[]> => {
  const at = (await Promise.all(line.map(({ id }) => ports.sessions.atSaml(id)))).flat();
  const told = at.map(async (one) => ((await samlApplication(ports, one.application))?.singleSignOn.sloUrl ? [one] : []));
  return (await Promise.all(told)).flat();
};

/** At once: what none of the applications that are told needs. */
const endOthers = async ({ sessions, directory }: PortalPorts, id: string, needed: readonly string[]): Promise<void> => {
  const applications = await directory.applications();
  const isNeeded = (host: string): boolean =>
    applications.some((application) => needed.includes(application.id) && hostsOf(application).some((own) => covers(own, host)));
  const others = (await sessions.openedFrom(id)).filter(({ host }) => host !== null && !isNeeded(host));
  await Promise.all(others.map((session) => sessions.revoke(session.id)));
};

const hostsOf = ({ host, alternateHost, segments }: Application) => [
  host,
  ...(alternateHost === null ? [] : [alternateHost]),
  ...segments.map((segment) => segment.host),
];

const covers = (host: string, asked: string): boolean => host === asked || (host.startsWith('*.') && asked.endsWith(host.slice(1)));

/** `GET` and `POST /saml/idp/slo`: an application asks for a sign-out, or has done its part of one. */
export const singleLogout = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const fields = request.method === 'POST' ? formOf(request) : request.query;
  return fields.has('SAMLResponse') ? goOn(ports, single(fields, 'RelayState')) : askedFor(ports, request);
};

/** What the application answers changes nothing: our own session ends in any case. Only this browser knows the secret. */
const goOn = async (ports: PortalPorts, secret: string | null): Promise<PortalAnswer> => {
  const chain = secret === null ? null : await ports.sessions.takeChain(digest(secret));
  if (chain === null) throw new SallyportError('ERR_SIGN_IN_INVALID', 'This sign-out is over, or was not begun here.');
  return redirectTo(await next(ports, chain));
};

const next = async (ports: PortalPorts, { session, left, onward }: Pick<SignOutChain, 'session' | 'left' | 'onward'>): Promise<string> => {
  const [first, ...rest] = left;
  if (first === undefined) return finish(ports, session, onward);
  const application = await samlApplication(ports, first.application);
  // Withdrawn meanwhile.
  if (!application?.singleSignOn.sloUrl) return next(ports, { session, left: rest, onward });
  const secret = ports.randomSecret();
  await ports.sessions.keepChain({ id: digest(secret), session, left: rest, onward, expiresAt: ports.now() + CHAIN_MS });
  const url = externalOf(ports, application.singleSignOn.sloUrl);
  return signedUrl(url, 'SAMLRequest', logoutRequest(ports, url, first), secret, await keyOf(ports));
};

const finish = async (ports: PortalPorts, session: string, onward: Onward): Promise<string> => {
  if (typeof onward === 'string') {
    await ports.sessions.revoke(session);
    return onward;
  }
  // The application that asked takes the answer through what is left of the session.
  return answerTo(ports, onward);
};

const answerTo = async (ports: PortalPorts, { application, requestId, relayState }: SignOutAnswer): Promise<string> => {
  const sloUrl = (await samlApplication(ports, application))?.singleSignOn.sloUrl;
  if (!sloUrl) return `${ports.portalUrl}/signed-out`;
  const url = externalOf(ports, sloUrl);
  return signedUrl(url, 'SAMLResponse', logoutResponse(ports, url, requestId), relayState, await keyOf(ports));
};

/** Throws ERR_REQUEST_INVALID unless the application signed it, for a session that it knows. */
const askedFor = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const message = await readMessage(request, 'SAMLRequest', 'LogoutRequest');
  const application = await samlApplicationOf(ports, textOf(message.root, ASSERTION, 'Issuer'));
  const { certificates, entityId, sloUrl } = application.singleSignOn;
  if (sloUrl === null) throw refused('its application has no singleSignOn.sloUrl');
  const root = await message.verify(certificates);
  if (root === null) throw refused('it is not signed');
  checkHead(root, { destination: ports.portalUrl + SLO_PATH, signed: true, now: ports.now() });

  const onward = { application: application.id, requestId: attribute(root, 'ID')!, relayState: message.relayState };
  const session = await sessionOf(ports, root, entityId);
  // It is over already: as the application wants it.
  if (session === null) return redirectTo(await answerTo(ports, onward));
  const line = await lineOf(ports, session.parent);
  ports.log.info('sign-out.by-application', {
    application: application.id,
    audit: { kind: 'sign-out', user: line[0]?.user.username ?? null },
  });
  const url = await endEverywhere(ports, session.parent, onward, session);
  const secret = readSecret(request, PORTAL_COOKIE);
  const isOfThisBrowser = secret !== null && line.some(({ id }) => id === digest(secret));
  return redirectTo(url, isOfThisBrowser ? [clearCookie(PORTAL_COOKIE)] : []);
};

/** The one that is named by its index and by the user's name: an application ends no session of another user by a mistake of its own. */
const sessionOf = async ({ sessions }: PortalPorts, root: Element, entityId: string): Promise<SamlSession | null> => {
  const index = textOf(root, PROTOCOL, 'SessionIndex');
  const name = children(root, ASSERTION, 'NameID')[0]?.textContent?.trim();
  if (index === null || name === undefined) throw refused('it names no NameID, or not one SessionIndex');
  const session = await sessions.findAtSaml(sessionIdOf(entityId, index));
  if (session !== null && session.nameId !== name) throw refused('its NameID is not that of the session');
  return session;
};

const head = ({ now, randomSecret }: PortalPorts, destination: string) =>
  html` xmlns:samlp="${PROTOCOL}" xmlns:saml="${ASSERTION}" ID="_${randomSecret()}" Version="2.0" IssueInstant="${instant(now())}" Destination="${destination}"`;

const issuer = ({ portalUrl }: PortalPorts) => html`<saml:Issuer>${portalUrl}${IDP_METADATA_PATH}</saml:Issuer>`;

const logoutRequest = (ports: PortalPorts, url: string, { nameId, nameIdFormat, sessionIndex }: SamlSession): string =>
  markupOf(
    html`<samlp:LogoutRequest${head(ports, url)} NotOnOrAfter="${instant(ports.now() + CHAIN_MS)}">${issuer(ports)}<saml:NameID Format="${NAME_ID_FORMATS[nameIdFormat]}">${nameId}</saml:NameID><samlp:SessionIndex>${sessionIndex}</samlp:SessionIndex></samlp:LogoutRequest>`,
  );

const logoutResponse = (ports: PortalPorts, url: string, requestId: string): string =>
  markupOf(
    html`<samlp:LogoutResponse${head(ports, url)} InResponseTo="${requestId}">${issuer(ports)}<samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status></samlp:LogoutResponse>`,
  );

const keyOf = async ({ samlSecret }: PortalPorts) => readSamlKeys(await samlSecret())[0]!;
