// The answer to an application: who the user is, in a signed assertion within a signed response (SAML 2.0 Core §2.3, §3.3.3).
import { SallyportError } from '../../../protocol/errors.ts';
import { fillTemplate, fillValue, parseTemplate } from '../../../tenants/claim-template.ts';
import { digest } from '../../keys.ts';
import { html, markupOf } from '../../pages/html.ts';
import { claimsOfUser } from '../../router/single-sign-on.ts';
import type { SamlEncryption, SamlSession, Session, User } from '../../stores/records.ts';
import type { PortalPorts } from '../ports.ts';
import { externalOf, type SamlApplication } from './applications.ts';
import type { SamlAsk } from './ask.ts';
import { ASSERTION, IDP_METADATA_PATH, MFA_CONTEXT, NAME_ID_FORMATS, PASSWORD_CONTEXT, PROTOCOL, UNSPECIFIED_CONTEXT } from './names.ts';
import { type SamlKey, signed } from './signing.ts';

/** Servers' clocks may be off; the browser brings it at once. */
const LIFETIME_MS = 120_000;
const CLOCK_SKEW_MS = 30_000;

export const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
const RESPONDER = 'urn:oasis:names:tc:SAML:2.0:status:Responder';
export const NO_PASSIVE = 'urn:oasis:names:tc:SAML:2.0:status:NoPassive';

type Ports = Pick<PortalPorts, 'portalUrl' | 'now' | 'randomSecret'>;

/** The session as this application will know it: the same each time, so that it can say which one ends. Throws ERR_IDENTITY_REFUSED. */
export const sessionAt = (
  { randomSecret }: Pick<Ports, 'randomSecret'>,
  { id, singleSignOn: { entityId, nameId } }: Pick<SamlApplication, 'id' | 'singleSignOn'>,
  session: Session,
): SamlSession => {
  const sessionIndex = `_${digest(JSON.stringify([session.id, entityId]))}`;
  return {
    id: sessionIdOf(entityId, sessionIndex),
    parent: session.id,
    application: id,
    sessionIndex,
    nameId: nameId.format === 'transient' ? `_${randomSecret()}` : xmlText('nameId', nameOf(session.user, entityId, nameId.value, id)),
    nameIdFormat: nameId.format,
    expiresAt: session.expiresAt,
  };
};

export const sessionIdOf = (entityId: string, sessionIndex: string): string => digest(JSON.stringify([entityId, sessionIndex]));

/** As the form field `SAMLResponse` carries it. */
export const assertUser = async (
  ports: Ports,
  application: SamlApplication,
  ask: SamlAsk,
  session: Session,
  at: SamlSession,
  key: SamlKey,
): Promise<string> => {
  const { encryption } = application.singleSignOn;
  const assertion = await signed(assertionOf(ports, application, ask, session, at), '/*', key);
  const content =
    encryption === null
      ? assertion
      : `<saml:EncryptedAssertion xmlns:saml="${ASSERTION}">${await encrypted(assertion, encryption)}</saml:EncryptedAssertion>`;
  return encoded(
    await signed(
      responseOf(ports, ask, html`<samlp:StatusCode Value="${SUCCESS}"/>`).replace(PLACE, () => content),
      '/*',
      key,
    ),
  );
};

/** That nothing can be told without asking the user. */
export const answerNothing = async (ports: Ports, ask: SamlAsk, key: SamlKey): Promise<string> => {
  const status = html`<samlp:StatusCode Value="${RESPONDER}"><samlp:StatusCode Value="${NO_PASSIVE}"/></samlp:StatusCode>`;
  return encoded(await signed(responseOf(ports, ask, status).replace(PLACE, ''), '/*', key));
};

const encoded = (xml: string): string => Buffer.from(xml).toString('base64');

/** Where the assertion goes: signed and maybe encrypted by then, it must not be escaped again. Values cannot hold it: they have no `<`. */
const PLACE = '<assertion/>';

const responseOf = ({ portalUrl, now, randomSecret }: Ports, { acsUrl, requestId }: SamlAsk, status: ReturnType<typeof html>): string =>
  markupOf(
    html`<samlp:Response xmlns:samlp="${PROTOCOL}" xmlns:saml="${ASSERTION}" ID="_${randomSecret()}" Version="2.0" IssueInstant="${instant(now())}" Destination="${externalOf({ portalUrl }, acsUrl)}"${answering(requestId)}><saml:Issuer>${portalUrl}${IDP_METADATA_PATH}</saml:Issuer><samlp:Status>${status}</samlp:Status><assertion/></samlp:Response>`,
  );

const assertionOf = (
  { portalUrl, now, randomSecret }: Ports,
  { singleSignOn: { entityId, attributes } }: SamlApplication,
  { acsUrl, requestId }: SamlAsk,
  session: Session,
  { nameId, nameIdFormat, sessionIndex }: SamlSession,
): string => {
  const [from, at, until] = [-CLOCK_SKEW_MS, 0, LIFETIME_MS].map((step) => instant(now() + step));
  const claimsOf = claimsOfUser(session.user);
  const told = Object.entries(attributes).flatMap(([name, template]) => {
    const value = fillValue(parseTemplate(template), claimsOf);
    return value === null ? [] : [{ name, values: (typeof value === 'string' ? [value] : value).map((one) => xmlText(name, one)) }];
  });
  return markupOf(
    html`<saml:Assertion xmlns:saml="${ASSERTION}" ID="_${randomSecret()}" Version="2.0" IssueInstant="${at!}"><saml:Issuer>${portalUrl}${IDP_METADATA_PATH}</saml:Issuer><saml:Subject><saml:NameID Format="${NAME_ID_FORMATS[nameIdFormat]}">${nameId}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="${until!}" Recipient="${externalOf({ portalUrl }, acsUrl)}"${answering(requestId)}/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${from!}" NotOnOrAfter="${until!}"><saml:AudienceRestriction><saml:Audience>${entityId}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${instant(session.authenticatedAt ?? session.createdAt)}" SessionIndex="${sessionIndex}" SessionNotOnOrAfter="${instant(session.expiresAt)}"><saml:AuthnContext><saml:AuthnContextClassRef>${contextOf(session)}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>${
      told.length === 0
        ? null
        : html`<saml:AttributeStatement>${told.map(
            ({ name, values }) =>
              html`<saml:Attribute Name="${name}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:${/^[a-z][a-z0-9+.-]*:/i.test(name) ? 'uri' : 'basic'}">${values.map((value) => html`<saml:AttributeValue>${value}</saml:AttributeValue>`)}</saml:Attribute>`,
          )}</saml:AttributeStatement>`
    }</saml:Assertion>`,
  );
};

const answering = (requestId: string | null) => (requestId === null ? null : html` InResponseTo="${requestId}"`);

export const instant = (at: number): string => new Date(at).toISOString();

/** What the provider told of it; more is not known. */
const contextOf = ({ mfa, user: { amr } }: Session): string => {
  if (mfa) return MFA_CONTEXT;
  return amr.includes('pwd') ? PASSWORD_CONTEXT : UNSPECIFIED_CONTEXT;
};

const nameOf = (user: User, entityId: string, template: string | null, application: string): string => {
  if (template === null) return digest(JSON.stringify([user.issuer, user.subject, entityId]));
  const name = fillTemplate(parseTemplate(template), claimsOfUser(user));
  if (name !== null && name !== '') return name;
  throw new SallyportError(
    'ERR_IDENTITY_REFUSED',
    `The user lacks a claim that ${application} needs to sign them in: its singleSignOn.nameId.value is ${template}.`,
  );
};

/** XML 1.0 §2.2: what is no character there cannot be told, escaped or not; and a reader of XML 1.1 takes U+2028 for a line feed (§2.11). */
const xmlText = (name: string, value: string): string => {
  if (!/[^\x20-\u2027\u2029-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(value)) return value;
  throw new SallyportError('ERR_IDENTITY_REFUSED', `What ${name} would tell has a character that XML cannot hold as it is.`);
};

const encrypted = async (xml: string, { certificate, algorithm }: SamlEncryption): Promise<string> => {
  const { encrypt } = (await import('xml-encryption')).default;
  const { publicKey } = new (await import('node:crypto')).X509Certificate(certificate);
  const family = algorithm.endsWith('gcm') ? 'http://www.w3.org/2009/xmlenc11#' : 'http://www.w3.org/2001/04/xmlenc#';
  return new Promise((resolve, reject) =>
    encrypt(
      xml,
      {
        rsa_pub: publicKey.export({ type: 'spki', format: 'pem' }),
        pem: certificate,
        encryptionAlgorithm: `${family}${algorithm}` as never,
        keyEncryptionAlgorithm: 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
      },
      (error: Error | null, result?: string) => (error ? reject(error) : resolve(result!)),
    ),
  );
};
