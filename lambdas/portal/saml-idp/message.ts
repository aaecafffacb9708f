// A message that an application, or a provider, sends by way of the browser: in the address (deflated) or in a form, signed or not. What it says is to be
// believed only as far as `verify` answers it.
import { createPublicKey, verify as isSignedBy, type KeyObject } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import type { SignedXml } from 'xml-crypto';
import { SallyportError } from '../../../protocol/errors.ts';
import { formOf, type PortalRequest, single } from '../request.ts';
import { elements, MESSAGE_MAX_BYTES, readBase64, readXml } from '../saml/xml.ts';
import { PROTOCOL, RSA_SHA256, RSA_SHA512 } from './names.ts';

/** SAML says 80; applications put addresses there. */
const RELAY_STATE_MAX_BYTES = 2048;
const HASHES: Readonly<Record<string, string>> = { [RSA_SHA256]: 'sha256', [RSA_SHA512]: 'sha512' };

export interface Message {
  /** As it came: nobody has vouched for it. */
  readonly root: Element;
  readonly relayState: string | null;
  /** The same by whoever has one of these keys; null when it is not signed. Throws ERR_REQUEST_INVALID when a signature does not hold. */
  verify(publicKeys: readonly string[]): Promise<Element | null>;
}

/** Throws ERR_REQUEST_INVALID. */
export const readMessage = async (request: PortalRequest, field: 'SAMLRequest' | 'SAMLResponse', name: string): Promise<Message> => {
  const isPost = request.method === 'POST';
  const fields = isPost ? formOf(request) : request.query;
  const encoded = single(fields, field);
  const bytes = encoded === null ? null : readBase64(encoded);
  if (bytes === null) throw refused(`${field} is not there, or not Base64`);
  const xml = readXml(isPost ? bytes : inflated(bytes), name, refused);
  const root = await parse(xml);
  if (root.localName !== name || root.namespaceURI !== PROTOCOL) throw refused(`it is no ${name} of SAML 2.0`);
  const relayState = fields.has('RelayState') ? single(fields, 'RelayState') : null;
  if (Buffer.byteLength(relayState ?? '') > RELAY_STATE_MAX_BYTES || /\p{Cc}/u.test(relayState ?? ''))
    throw refused(`its RelayState is longer than ${RELAY_STATE_MAX_BYTES} bytes, or no line`);
  return {
    root,
    relayState: relayState === '' ? null : relayState,
    verify: async (publicKeys) => {
      const keys = publicKeys.map((key) => createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' }));
      if (isPost) return verifiedForm(xml, root, name, keys);
      return isVerifiedQuery(request.rawQuery, field, request.query.has('RelayState'), keys) ? root : null;
    },
  };
};

/** The value of an attribute; null when it is absent or empty. */
export const attribute = (element: Element, name: string): string | null => element.getAttribute(name) || null;

/** Those directly below. */
export const children = (element: Element, namespace: string, name: string): Element[] =>
  Array.from(element.childNodes).filter(
    (node): node is Element => (node as Element).localName === name && (node as Element).namespaceURI === namespace,
  );

/** The one text of the one element of this name; null where there is none. Throws ERR_REQUEST_INVALID for several. */
export const textOf = (element: Element, namespace: string, name: string): string | null => {
  const found = children(element, namespace, name);
  if (found.length > 1) throw refused(`it has more than one ${name}`);
  return found[0]?.textContent?.trim() || null;
};

export const refused = (why: string, cause?: unknown): SallyportError =>
  new SallyportError('ERR_REQUEST_INVALID', `The SAML message is refused: ${why}.`, { cause });

const inflated = (bytes: Uint8Array): Buffer => {
  try {
    return inflateRawSync(bytes, { maxOutputLength: MESSAGE_MAX_BYTES });
  } catch (error) {
    throw refused('it is not deflated, or too long', error);
  }
};

/** Anything that a parser would mend is refused: another one would mend it otherwise. */
export const parse = async (xml: string): Promise<Element> => {
  const { DOMParser } = await import('@xmldom/xmldom');
  const wrong = (told: unknown): never => {
    throw refused('it is not well-formed XML', told);
  };
  const parser = new DOMParser({ errorHandler: { warning: wrong, error: wrong, fatalError: wrong } });
  const root = parser.parseFromString(xml, 'text/xml').documentElement;
  return root ?? wrong('no element');
};

/** What is signed are the characters of the address as they were sent (SAML 2.0 Bindings §3.4.4.1). */
const isVerifiedQuery = (rawQuery: string, field: string, hasRelayState: boolean, keys: readonly KeyObject[]): boolean => {
  const pairs = rawQuery.split('&').map((pair) => [pair.slice(0, pair.indexOf('=')), pair] as const);
  const only = (name: string): string => {
    const found = pairs.filter(([key]) => key === name);
    if (found.length !== 1) throw refused(`${name} is not there exactly once`);
    return found[0]![1];
  };
  if (!pairs.some(([key]) => key === 'Signature')) return false;
  const signed = [field, ...(hasRelayState ? ['RelayState'] : []), 'SigAlg'].map(only).join('&');
  const value = (name: string): string => new URLSearchParams(only(name)).get(name) ?? '';
  const hash = HASHES[value('SigAlg')];
  if (hash === undefined) throw refused('its signature is not of RSA and SHA-256');
  const signature = Buffer.from(value('Signature'), 'base64');
  if (keys.some((key) => isSignedBy(hash, Buffer.from(signed), key, signature))) return true;
  throw refused('its signature does not hold: compare the certificates');
};

/** Exactly the message must be signed, and what is read afterwards is what was signed, not what stood around it (signature wrapping). */
export const verifiedForm = async (xml: string, root: Element, name: string, keys: readonly KeyObject[]): Promise<Element | null> => {
  const signatures = children(root, 'http://www.w3.org/2000/09/xmldsig#', 'Signature');
  if (signatures.length === 0 && elements(xml, 'Signature') === 0) return null;
  if (signatures.length !== 1 || elements(xml, 'Signature') !== 1) throw refused('its signature is not where it belongs');
  const { SignedXml: Signature } = await import('xml-crypto');
  for (const key of keys) {
    const signature = new Signature({ publicCert: key, getCertFromKeyInfo: () => null });
    if (!holds(signature, signatures[0]!, xml)) continue;
    const [signed, ...more] = signature.getSignedReferences();
    if (signed === undefined || more.length > 0) break;
    const read = await parse(signed);
    if (read.localName === name && read.namespaceURI === PROTOCOL && attribute(read, 'ID') === attribute(root, 'ID')) return read;
  }
  throw refused('its signature does not hold: compare the certificates');
};

const holds = (signature: SignedXml, element: Element, xml: string): boolean => {
  try {
    signature.loadSignature(element as never);
    return signature.checkSignature(xml);
  } catch {
    return false;
  }
};
