// What a SAML provider, or an application that speaks SAML, says of itself in its metadata (SAML 2.0 Metadata §2), as settings of a
// tenant file. Whether the values are good is for the settings to say; here is what the XML may look like, and where they stand in it.
import { X509Certificate } from 'node:crypto';
import { DOMParser } from '@xmldom/xmldom';
import { SignedXml } from 'xml-crypto';
import { SAML_ALGORITHMS } from './saml-algorithms.ts';
import { withoutComments } from './xml-comments.ts';

export const METADATA_MAX_BYTES = 1024 * 1024;
const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata';
const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
const SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#';
const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
/** By the names of `identityProviders[]`; what the metadata do not say is left out. */
export interface ProviderMetadata {
  readonly issuer: string;
  readonly signInUrl: string;
  readonly signOutUrl?: string;
  readonly signOutAnswerUrl?: string;
  readonly signRequests?: true;
  /** PEM. */
  readonly certificates: readonly string[];
}

/** By the names of `applications[].singleSignOn`. */
export interface ApplicationMetadata {
  readonly entityId: string;
  readonly acsUrls: readonly string[];
  readonly sloUrl?: string;
  readonly requireSignedRequests?: true;
  readonly certificates?: readonly string[];
}

export interface Metadata {
  /** Null where the entity is none. */
  readonly provider: ProviderMetadata | null;
  readonly application: ApplicationMetadata | null;
  /** Until when it says that it is good; null where it does not. */
  readonly validUntil: string | null;
  readonly isSigned: boolean;
}

/** Says what is wrong with metadata. */
export class MetadataFault extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}

/** `signedBy`: a certificate in PEM; then only what its key signed is read. Throws MetadataFault. */
export const readMetadata = (bytes: Uint8Array, signedBy?: string): Metadata => {
  const xml = readXml(bytes);
  const root = parse(xml);
  const isSigned = children(root, SIGNATURE, 'Signature').length > 0;
  return { ...readEntity(signedBy === undefined ? root : signedRoot(xml, root, signedBy)), isSigned };
};

const readEntity = (root: Element): Omit<Metadata, 'isSigned'> => {
  if (root.localName !== 'EntityDescriptor' || root.namespaceURI !== METADATA)
    throw new MetadataFault('metadata of one entity (EntityDescriptor)', `the element ${root.nodeName}`);
  const entityId = attribute(root, 'entityID');
  if (entityId === null) throw new MetadataFault('an EntityDescriptor with entityID', 'one without');
  const [provider, application] = [descriptor(root, 'IDPSSODescriptor'), descriptor(root, 'SPSSODescriptor')];
  return {
    provider: provider && readProvider(provider, entityId),
    application: application && readApplication(application, entityId),
    validUntil: attribute(root, 'validUntil'),
  };
};

const readProvider = (descriptor: Element, issuer: string): ProviderMetadata => {
  const [signIn] = services(descriptor, 'SingleSignOnService', REDIRECT);
  if (signIn === undefined) throw new MetadataFault('a SingleSignOnService with the binding HTTP-Redirect', 'none');
  const [signOut] = services(descriptor, 'SingleLogoutService', REDIRECT);
  const certificates = signingCertificates(descriptor);
  if (certificates.length === 0) throw new MetadataFault('a certificate for signing (KeyDescriptor)', 'none');
  const answers = signOut && attribute(signOut, 'ResponseLocation');
  return {
    issuer,
    signInUrl: location(signIn),
    ...(signOut === undefined ? {} : { signOutUrl: location(signOut) }),
    ...(answers ? { signOutAnswerUrl: answers } : {}),
    ...(isTrue(descriptor, 'WantAuthnRequestsSigned') ? { signRequests: true } : {}),
    certificates,
  };
};

const readApplication = (descriptor: Element, entityId: string): ApplicationMetadata => {
  const acs = services(descriptor, 'AssertionConsumerService', POST);
  if (acs.length === 0) throw new MetadataFault('an AssertionConsumerService with the binding HTTP-POST', 'none');
  // The first is where an answer goes that nobody asked for.
  const ordered = [...acs].sort((one, other) => Number(isTrue(other, 'isDefault')) - Number(isTrue(one, 'isDefault')));
  const certificates = signingCertificates(descriptor);
  const [slo] = services(descriptor, 'SingleLogoutService', REDIRECT);
  return {
    entityId,
    acsUrls: ordered.map(location),
    // Whoever may end sessions is known by a certificate.
    ...(slo === undefined || certificates.length === 0 ? {} : { sloUrl: location(slo) }),
    ...(isTrue(descriptor, 'AuthnRequestsSigned') ? { requireSignedRequests: true } : {}),
    ...(certificates.length === 0 ? {} : { certificates }),
  };
};

const descriptor = (root: Element, name: 'IDPSSODescriptor' | 'SPSSODescriptor'): Element | null => {
  const found = children(root, METADATA, name).filter((one) =>
    (attribute(one, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(PROTOCOL),
  );
  if (found.length > 1) throw new MetadataFault(`one ${name} of SAML 2.0`, String(found.length));
  return found[0] ?? null;
};

const services = (descriptor: Element, name: string, binding: string): Element[] =>
  children(descriptor, METADATA, name).filter((service) => attribute(service, 'Binding') === binding);

const location = (service: Element): string => {
  const url = attribute(service, 'Location');
  if (url !== null) return url;
  throw new MetadataFault(`a ${service.localName} with Location`, 'one without');
};

const signingCertificates = (descriptor: Element): string[] =>
  children(descriptor, METADATA, 'KeyDescriptor')
    .filter((key) => [null, 'signing'].includes(attribute(key, 'use')))
    .map((key) => {
      const found = children(key, SIGNATURE, 'KeyInfo')
        .flatMap((info) => children(info, SIGNATURE, 'X509Data'))
        .flatMap((data) => children(data, SIGNATURE, 'X509Certificate'));
      // Of a chain only one is the signer's, and the others must not sign in its place.
      if (found.length !== 1) throw new MetadataFault('one certificate (X509Certificate) in each KeyDescriptor', String(found.length));
      return pem(found[0]!.textContent ?? '');
    });

const pem = (text: string): string => {
  const base64 = text.replaceAll(/\s/g, '');
  try {
    return new X509Certificate(Buffer.from(base64, 'base64')).toString();
  } catch {
    throw new MetadataFault('a certificate (X509Certificate) in Base64', JSON.stringify(base64.slice(0, 20)));
  }
};

/** Plain XML: no document type, so no entities; nothing that readers take differently. */
const readXml = (bytes: Uint8Array): string => {
  if (bytes.length > METADATA_MAX_BYTES) throw new MetadataFault(`${METADATA_MAX_BYTES} bytes at most`, `${bytes.length} bytes`);
  let xml: string;
  try {
    xml = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new MetadataFault('XML in UTF-8', 'other bytes');
  }
  const content = withoutComments(xml.replace(/^\s*<\?xml\s[^<>?]*\?>/, ''));
  const [odd] = /<[!?][^\s>[]*/.exec(content) ?? [];
  if (odd !== undefined) throw new MetadataFault('XML of elements, text and comments alone', odd);
  return xml;
};

/** Anything that a parser would mend is refused: another one would mend it otherwise. */
const parse = (xml: string): Element => {
  const wrong = (told: unknown): never => {
    throw new MetadataFault('well-formed XML', String(told).split('\n')[0]!);
  };
  const parser = new DOMParser({ errorHandler: { warning: wrong, error: wrong, fatalError: wrong } });
  return parser.parseFromString(xml, 'text/xml').documentElement ?? wrong('no element');
};

/** What was signed, and nothing that stands around it (signature wrapping). */
const signedRoot = (xml: string, root: Element, certificate: string): Element => {
  const [signature, ...more] = children(root, SIGNATURE, 'Signature');
  if (signature === undefined || more.length > 0)
    throw new MetadataFault('metadata with one signature of the whole', String(more.length || 'none'));
  const algorithms = Array.from(signature.getElementsByTagName('*')).flatMap((element) => attribute(element, 'Algorithm') ?? []);
  const weak = algorithms.find((algorithm) => !SAML_ALGORITHMS.has(algorithm));
  if (weak !== undefined) throw new MetadataFault('a signature by RSA and SHA-256', weak);
  const signed = signedReferences(xml, signature, certificate);
  const read = signed.length === 1 ? parse(signed[0]!) : null;
  if (read !== null && read.localName === root.localName && attribute(read, 'ID') === attribute(root, 'ID')) return read;
  throw new MetadataFault('a signature by the key of this certificate', 'another one, or changed metadata');
};

const signedReferences = (xml: string, element: Element, certificate: string): string[] => {
  try {
    const signature = new SignedXml({ publicCert: certificate, getCertFromKeyInfo: () => null });
    signature.loadSignature(element as never);
    return signature.checkSignature(xml) ? signature.getSignedReferences() : [];
  } catch {
    return [];
  }
};

const attribute = (element: Element, name: string): string | null => element.getAttribute(name) || null;

const isTrue = (element: Element, name: string): boolean => ['true', '1'].includes(attribute(element, name) ?? '');

/** Those directly below. */
const children = (element: Element, namespace: string, name: string): Element[] =>
  Array.from(element.childNodes).filter(
    (node): node is Element => (node as Element).localName === name && (node as Element).namespaceURI === namespace,
  );
