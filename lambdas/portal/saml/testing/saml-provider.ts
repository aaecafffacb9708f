// For tests: a SAML provider's pen. Writes responses as a provider does, and as an attacker would like it to.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignedXml } from 'xml-crypto';
import type { SamlSettings } from '../../../../tenants/identity-providers.ts';
import { type ProviderProfile, withProfile } from '../../../identity/provider-profile.ts';

export const ISSUER = 'https://login.example.com/saml/metadata';
const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const SHA256 = { signature: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', digest: 'http://www.w3.org/2001/04/xmlenc#sha256' };
export const SHA1 = { signature: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1', digest: 'http://www.w3.org/2000/09/xmldsig#sha1' };

export const newKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 });

export interface ResponseOptions {
  readonly portalUrl: string;
  readonly requestId: string | null;
  readonly now: number;
  readonly id?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly recipient?: string;
  readonly destination?: string;
  readonly lifetimeMs?: number;
  /** As it stands in the XML. */
  readonly nameId?: string;
  readonly nameIdFormat?: string;
  readonly context?: string;
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
}

/** `after`: what is done to the XML once it is signed. */
export interface Signing {
  readonly key: KeyObject;
  readonly sign?: 'assertion' | 'response' | 'nothing';
  readonly algorithms?: typeof SHA256;
  readonly after?: (xml: string) => string;
}

export const settingsFor = (keys: readonly KeyObject[], further: Partial<SamlSettings> = {}): SamlSettings & ProviderProfile =>
  withProfile(
    {
      protocol: 'saml',
      id: 'main',
      name: null,
      emailDomains: [],
      issuer: ISSUER,
      signInUrl: 'https://login.example.com/saml/singleSignOn',
      signOutUrl: 'https://login.example.com/saml/singleLogout',
      signOutAnswerUrl: null,
      signRequests: false,
      certificates: keys.map((key) => key.export({ type: 'spki', format: 'der' }).toString('base64')),
      claims: { username: 'uid', name: 'cn', email: 'mail', groups: 'groups', further: [] },
      secondFactor: { amr: ['mfa'], acr: ['urn:example:two-factors'] },
      ...further,
    },
    1,
  );

/** As the form field `SAMLResponse` carries it. */
export const respond = (
  options: ResponseOptions,
  { key, sign = 'assertion', algorithms = SHA256, after = (xml) => xml }: Signing,
): string => {
  const xml = response(options, assertion(options));
  const element = sign === 'response' ? '/*' : `/*/*[local-name(.)='Assertion']`;
  return Buffer.from(after(sign === 'nothing' ? xml : signed(xml, element, key, algorithms))).toString('base64');
};

export const assertion = (options: ResponseOptions): string => {
  const { portalUrl, requestId, now, id = '_assertion-1', issuer = ISSUER, nameId = 'u-1', lifetimeMs = 300_000 } = options;
  const until = new Date(now + lifetimeMs).toISOString();
  const answers = requestId === null ? '' : ` InResponseTo="${requestId}"`;
  const attributes = Object.entries(options.attributes ?? { uid: ['dwho'], cn: ['Doctor Who'], groups: ['users', 'timelords'] });
  return `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="2.0" IssueInstant="${new Date(now).toISOString()}"><saml:Issuer>${issuer}</saml:Issuer><saml:Subject><saml:NameID Format="${options.nameIdFormat ?? 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'}">${nameId}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="${until}" Recipient="${options.recipient ?? `${portalUrl}/callback/main`}"${answers}/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${new Date(now).toISOString()}" NotOnOrAfter="${until}"><saml:AudienceRestriction><saml:Audience>${options.audience ?? `${portalUrl}/saml/metadata`}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${new Date(now).toISOString()}" SessionIndex="s-1"><saml:AuthnContext><saml:AuthnContextClassRef>${options.context ?? 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password'}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>${attributes
    .map(
      ([name, values]) =>
        `<saml:Attribute Name="${name}">${values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')}</saml:Attribute>`,
    )
    .join('')}</saml:AttributeStatement></saml:Assertion>`;
};

const response = ({ portalUrl, requestId, now, issuer = ISSUER, destination }: ResponseOptions, content: string): string =>
  `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_response-1" Version="2.0" IssueInstant="${new Date(now).toISOString()}" Destination="${destination ?? `${portalUrl}/callback/main`}"${requestId === null ? '' : ` InResponseTo="${requestId}"`}><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>${content}</samlp:Response>`;

const signed = (xml: string, element: string, key: KeyObject, { signature, digest }: typeof SHA256): string => {
  const privateKey = key.export({ type: 'pkcs8', format: 'pem' });
  const signing = new SignedXml({ privateKey, signatureAlgorithm: signature, canonicalizationAlgorithm: EXC_C14N });
  signing.addReference({ xpath: element, digestAlgorithm: digest, transforms: [ENVELOPED, EXC_C14N] });
  signing.computeSignature(xml, { location: { reference: `${element}/*[local-name(.)='Issuer']`, action: 'after' } });
  return signing.getSignedXml();
};
