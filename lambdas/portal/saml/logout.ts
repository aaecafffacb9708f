// `GET` and `POST /saml/slo`: a SAML provider ends a session of its own, and says so by way of the user's browser (Single Logout Profile).
// Ours that came from it end too, everywhere, and it is answered. What it answers to a sign-out that we began leads back to our page.

import { digest } from '../../keys.ts';
import { html, markupOf } from '../../pages/html.ts';
import type { Session } from '../../stores/records.ts';
import type { IdentityProvider, PortalPorts } from '../ports.ts';
import { endSessions } from '../provider-sign-out.ts';
import { formOf, type PortalAnswer, type PortalRequest, redirectTo } from '../request.ts';
import { checkHead, GOOD_FOR_MS } from '../saml-idp/authn-request.ts';
import { attribute, children, readMessage, refused, textOf } from '../saml-idp/message.ts';
import { ASSERTION, PROTOCOL } from '../saml-idp/names.ts';
import { instant, SUCCESS } from '../saml-idp/response.ts';
import { readSamlKeys, signedUrl } from '../saml-idp/signing.ts';
import { entityIdOf, LOGOUT_PATH } from './metadata.ts';

const SIGNED_OUT = '/signed-out';

/** Throws ERR_REQUEST_INVALID unless the provider signed it, for us, just now and for the first time; ERR_STORE_UNAVAILABLE. */
export const providerLogout = async (ports: PortalPorts, request: PortalRequest): Promise<PortalAnswer> => {
  const fields = request.method === 'POST' ? formOf(request) : request.query;
  // Our own session is over by then, whatever it says.
  if (fields.has('SAMLResponse')) return redirectTo(ports.portalUrl + SIGNED_OUT);
  const message = await readMessage(request, 'SAMLRequest', 'LogoutRequest');
  const { profile, saml } = providerOf(ports, textOf(message.root, ASSERTION, 'Issuer'));
  const root = await message.verify(saml.certificates);
  if (root === null) throw refused('it is not signed');
  checkHead(root, { destination: ports.portalUrl + LOGOUT_PATH, signed: true, now: ports.now() });
  checkEnd(root, ports.now());
  const requestId = attribute(root, 'ID')!;
  const name = readName(root);
  const handles = sessionsNamed(root, profile.issuer, name);

  const isNew = await ports.sessions.takeAssertion(digest(JSON.stringify([profile.issuer, 'logout', requestId])), ports.now() + KEPT_MS);
  if (!isNew) throw refused('it has been brought before');
  const found = (await Promise.all(handles.map((handle) => ports.sessions.withHandle(handle)))).flat();
  await endSessions(ports, found.filter(isOf(name)), 'saml');

  const url = saml.signOutAnswerUrl ?? saml.signOutUrl;
  if (url === null) return redirectTo(ports.portalUrl + SIGNED_OUT);
  const [key] = readSamlKeys(await ports.samlSecret());
  return redirectTo(signedUrl(url, 'SAMLResponse', logoutResponse(ports, url, requestId), message.relayState, key!));
};

/** For as long as it would pass for new. */
const KEPT_MS = 2 * GOOD_FOR_MS;
const CLOCK_SKEW_MS = 60_000;

type SamlProvider = IdentityProvider & Required<Pick<IdentityProvider, 'saml'>>;

const providerOf = ({ providers }: PortalPorts, issuer: string | null): SamlProvider => {
  const found = providers.find((provider): provider is SamlProvider => provider.saml !== undefined && provider.profile.issuer === issuer);
  if (found) return found;
  throw refused('its Issuer is none of identityProviders with protocol: saml');
};

const checkEnd = (root: Element, now: number): void => {
  const end = attribute(root, 'NotOnOrAfter');
  // What is no time is past.
  if (end !== null && !(Date.parse(end) > now - CLOCK_SKEW_MS)) throw refused('its NotOnOrAfter is past: compare the clocks');
};

/** Sessions are kept by the name that the assertion had. */
const readName = (root: Element): string => {
  const name = textOf(root, ASSERTION, 'NameID');
  if (name !== null) return name;
  throw refused('it names no NameID, or an encrypted one: have the provider write it plainly');
};

/** Without an index, all of the user's sessions are meant (SAML 2.0 Core §3.7.1). */
const sessionsNamed = (root: Element, issuer: string, subject: string) => {
  const indexes = children(root, PROTOCOL, 'SessionIndex').map(({ textContent }) => textContent?.trim() ?? '');
  return indexes.length === 0 ? [{ issuer, subject }] : [...new Set(indexes)].map((providerSession) => ({ issuer, providerSession }));
};

const isOf =
  (name: string) =>
  ({ user }: Session): boolean =>
    user.subject === name;

const logoutResponse = ({ portalUrl, now, randomSecret }: PortalPorts, url: string, requestId: string): string =>
  markupOf(
    html`<samlp:LogoutResponse xmlns:samlp="${PROTOCOL}" xmlns:saml="${ASSERTION}" ID="_${randomSecret()}" Version="2.0" IssueInstant="${instant(now())}" Destination="${url}" InResponseTo="${requestId}"><saml:Issuer>${entityIdOf(portalUrl)}</saml:Issuer><samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status></samlp:LogoutResponse>`,
  );
