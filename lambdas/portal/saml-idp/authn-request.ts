// An application's AuthnRequest: whose is it, is it good, where may its answer go (SAML 2.0 Core §3.4, Profiles §4.1.4.1).
import type { PortalPorts } from '../ports.ts';
import type { PortalRequest } from '../request.ts';
import { externalOf, type SamlApplication, samlApplicationOf } from './applications.ts';
import type { SamlAsk } from './ask.ts';
import { attribute, children, readMessage, refused, textOf } from './message.ts';
import { ASSERTION, MFA_CONTEXT, NAME_ID_FORMATS, POST, PROTOCOL, SSO_PATH } from './names.ts';

export const GOOD_FOR_MS = 10 * 60_000;
const CLOCK_SKEW_MS = 60_000;

export interface AuthnRequest {
  readonly application: SamlApplication;
  readonly ask: SamlAsk;
  /** The user is not to be asked anything. */
  readonly passive: boolean;
}

/** Throws ERR_REQUEST_INVALID, ERR_STORE_UNAVAILABLE. */
export const readAuthnRequest = async (ports: PortalPorts, request: PortalRequest): Promise<AuthnRequest> => {
  const message = await readMessage(request, 'SAMLRequest', 'AuthnRequest');
  const application = await samlApplicationOf(ports, textOf(message.root, ASSERTION, 'Issuer'));
  const { certificates, requireSignedRequests } = application.singleSignOn;
  const verified = certificates.length === 0 ? null : await message.verify(certificates);
  if (verified === null && requireSignedRequests) throw refused('it is not signed, and singleSignOn.requireSignedRequests says it must be');
  const root = verified ?? message.root;

  checkHead(root, { destination: ports.portalUrl + SSO_PATH, signed: verified !== null, now: ports.now() });
  const policy = children(root, PROTOCOL, 'NameIDPolicy')[0];
  checkNameId((policy && attribute(policy, 'Format')) ?? null, application);
  const flags = flagsOf(root);
  return {
    application,
    passive: flags.passive,
    ask: {
      application: application.id,
      acsUrl: acsUrlOf(ports, root, application),
      requestId: attribute(root, 'ID'),
      relayState: message.relayState,
      mfa: contextsOf(root).includes(MFA_CONTEXT),
      anew: flags.anew,
      steppedUp: false,
      own: true,
      startedAt: ports.now(),
    },
  };
};

/** What every message begins with. Throws ERR_REQUEST_INVALID. */
export const checkHead = (
  root: Element,
  { destination, signed, now }: { readonly destination: string; readonly signed: boolean; readonly now: number },
): void => {
  if (attribute(root, 'Version') !== '2.0') throw refused('its version is not 2.0');
  if (!/^[A-Za-z_][\w.-]{0,255}$/.test(attribute(root, 'ID') ?? '')) throw refused('its ID is none');
  const to = attribute(root, 'Destination');
  // Whatever is signed says for whom it is (Bindings §3.4.5.2, §3.5.5.2).
  if (to === null ? signed : to !== destination) throw refused(`its Destination is not ${destination}`);
  const issued = attribute(root, 'IssueInstant') ?? '';
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(issued) ? Date.parse(issued) : Number.NaN;
  if (!(at <= now + CLOCK_SKEW_MS && now - CLOCK_SKEW_MS - at < GOOD_FOR_MS))
    throw refused('its IssueInstant is not of the last minutes: open the application once more, or compare the clocks');
};

/** Only where the tenant file says: an assertion that went elsewhere would sign somebody else in. */
const acsUrlOf = (ports: PortalPorts, root: Element, { singleSignOn: { acsUrls } }: SamlApplication): string => {
  const [url, index, binding] = ['AssertionConsumerServiceURL', 'AssertionConsumerServiceIndex', 'ProtocolBinding'].map((name) =>
    attribute(root, name),
  );
  if (binding && binding !== POST) throw refused(`its ProtocolBinding is not ${POST}`);
  if (url && index) throw refused('it names where the answer goes by address and by index');
  const wanted = url ? acsUrls.find((known) => externalOf(ports, known) === url) : acsUrls[index ? Number(index) : 0];
  if (wanted === undefined) throw refused('where its answer would go is none of singleSignOn.acsUrls');
  return wanted;
};

const checkNameId = (format: string | null, { singleSignOn: { nameId } }: SamlApplication): void => {
  if (format === null || format === NAME_ID_FORMATS.unspecified || format === NAME_ID_FORMATS[nameId.format]) return;
  throw refused(`it asks for a NameID of the format ${format}, and singleSignOn.nameId.format is ${nameId.format}`);
};

const flagsOf = (root: Element) => {
  const isSet = (name: string): boolean => ['true', '1'].includes(attribute(root, name) ?? '');
  return { passive: isSet('IsPassive'), anew: isSet('ForceAuthn') };
};

const contextsOf = (root: Element): string[] =>
  children(root, PROTOCOL, 'RequestedAuthnContext').flatMap((requested) =>
    children(requested, ASSERTION, 'AuthnContextClassRef').map(({ textContent }) => textContent?.trim() ?? ''),
  );
