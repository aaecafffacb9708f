// For tests: an application that speaks SAML. Its messages are written here, as it would and as an attacker would like it to; what it is
// answered is read by node-saml, which is not ours.
import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { type Profile, SAML } from '@node-saml/node-saml';
import { SignedXml } from 'xml-crypto';
import type { NamedKey } from '../../../directory/signing-keys.ts';
import type { Application, SamlSignOn } from '../../../stores/records.ts';
import { application } from '../../../stores/testing/application.ts';
import type { Landing } from '../../testing/browser.ts';
import { RSA_SHA256 } from '../names.ts';

const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const NAMESPACES = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"';

/** `https://<id>.apps.example.com/…` as tenant files have it. */
const own = (id: string, path: string): string => `https://${id}.apps.example.com/${path}`;
export const entityIdOf = (id: string): string => own(id, 'metadata');

export const samlApplication = (id: string, signOn: Partial<SamlSignOn> = {}, changes: Partial<Application> = {}): Application =>
  application({
    id,
    name: id,
    host: `${id}.apps.example.com`,
    singleSignOn: {
      method: 'saml',
      headers: {},
      entityId: entityIdOf(id),
      acsUrls: [own(id, 'acs'), own(id, 'second-acs')],
      sloUrl: null,
      nameId: { format: 'unspecified', value: '{username}' },
      attributes: {},
      certificates: [],
      requireSignedRequests: false,
      encryption: null,
      unsolicited: false,
      ...signOn,
    },
    ...changes,
  });

/** As `certificates` holds it. */
export const publicKeyOf = ({ certificate }: NamedKey): string =>
  createPublicKey(certificate).export({ type: 'spki', format: 'der' }).toString('base64');

export interface MessageOptions {
  readonly id?: string;
  readonly issuer: string;
  readonly destination?: string;
  readonly now: number;
  /** Further attributes of the element, as they stand in the XML. */
  readonly attributes?: string;
  /** Further content, likewise. */
  readonly content?: string;
}

let count = 0;
export const newId = (): string => {
  count += 1;
  return `_request-${count}`;
};

export const message = (name: 'AuthnRequest' | 'LogoutRequest' | 'LogoutResponse', options: MessageOptions): string => {
  const { id = newId(), issuer, destination, now, attributes = '', content = '' } = options;
  const to = destination === undefined ? '' : ` Destination="${destination}"`;
  return `<samlp:${name} ${NAMESPACES} ID="${id}" Version="2.0" IssueInstant="${new Date(now).toISOString()}"${to}${attributes}><saml:Issuer>${issuer}</saml:Issuer>${content}</samlp:${name}>`;
};

/** For a query, signed where there is a key. */
export const asQuery = (field: 'SAMLRequest' | 'SAMLResponse', xml: string, relayState?: string, key?: KeyObject | string): string => {
  const pairs = [
    [field, deflateRawSync(xml).toString('base64')],
    ...(relayState === undefined ? [] : [['RelayState', relayState]]),
    ...(key === undefined ? [] : [['SigAlg', RSA_SHA256]]),
  ];
  const query = pairs.map(([name = '', value = '']) => `${name}=${encodeURIComponent(value)}`).join('&');
  if (key === undefined) return query;
  return `${query}&Signature=${encodeURIComponent(sign('sha256', Buffer.from(query), key).toString('base64'))}`;
};

/** For a form: enveloped, as XML Signature has it. */
export const signedXml = (xml: string, key: KeyObject | string): string => {
  const signature = new SignedXml({ privateKey: key, signatureAlgorithm: RSA_SHA256, canonicalizationAlgorithm: EXC_C14N });
  signature.addReference({ xpath: '/*', transforms: [ENVELOPED, EXC_C14N], digestAlgorithm: SHA256 });
  signature.computeSignature(xml, { location: { reference: `/*/*[local-name(.)='Issuer']`, action: 'after' } });
  return signature.getSignedXml();
};

export const asForm = (field: 'SAMLRequest' | 'SAMLResponse', xml: string, relayState = '', headers: Record<string, string> = {}) => ({
  post: {
    body: new URLSearchParams({ [field]: Buffer.from(xml).toString('base64'), RelayState: relayState }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  },
});

/** The form of a page that posts itself; null where there is none. */
export const postedBy = ({ text }: Pick<Landing, 'text'>) => {
  const field = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1]?.replaceAll('&amp;', '&');
  const response = field('SAMLResponse');
  const action = /<form id="onward" method="post" action="([^"]*)"/.exec(text)?.[1];
  return response === undefined || action === undefined ? null : { action, response, relayState: field('RelayState') };
};

export interface ReaderOptions {
  readonly certificate: string;
  readonly entityId: string;
  /** External. */
  readonly acsUrl: string;
  readonly portalUrl: string;
  readonly decryptionKey?: string;
}

/** What an application that is built with node-saml understands. Rejects what that refuses. */
export const understood = async (
  { certificate, entityId, acsUrl, portalUrl, decryptionKey }: ReaderOptions,
  response: string,
): Promise<Profile> => {
  const saml = new SAML({
    issuer: entityId,
    audience: entityId,
    callbackUrl: acsUrl,
    idpIssuer: `${portalUrl}/saml/idp/metadata`,
    idpCert: certificate,
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: true,
    // The portal's clock is the test's.
    acceptedClockSkewMs: -1,
    ...(decryptionKey === undefined ? {} : { decryptionPvk: decryptionKey }),
  });
  const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: response });
  if (profile === null) throw new Error('It says nothing of anybody.');
  return profile;
};

/** The XML that a form's field carries. */
export const xmlOf = (response: string): string => Buffer.from(response, 'base64').toString('utf8');
