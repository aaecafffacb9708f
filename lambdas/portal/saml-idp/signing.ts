// Signs what we send: XML in a form by an enveloped signature, XML in an address by one over the address (SAML 2.0 Bindings §3.4, §3.5).
import { sign, X509Certificate } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { SallyportError } from '../../../protocol/errors.ts';
import { type Html, html } from '../../pages/html.ts';
import { RSA_SHA256 } from './names.ts';

const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';

/** Both in PEM. */
export interface SamlKey {
  readonly privateKey: string;
  readonly certificate: string;
}

/** What the secret holds: the first signs, all are published. Throws ERR_STORE_UNAVAILABLE while there is none. */
export const readSamlKeys = (secret: string): readonly SamlKey[] => {
  const keys = parsed(secret);
  if (keys.length > 0) return keys;
  throw new SallyportError('ERR_STORE_UNAVAILABLE', 'There is no key that signs for SAML applications yet. Deploy the stack again.');
};

const parsed = (secret: string): readonly SamlKey[] => {
  try {
    const { keys } = JSON.parse(secret);
    return Array.isArray(keys) ? keys : [];
  } catch {
    return [];
  }
};

/** `element`: XPath of the element that is signed; it has an ID, and an Issuer, after which the signature stands. */
export const signed = async (xml: string, element: string, { privateKey, certificate }: SamlKey): Promise<string> => {
  const { SignedXml } = await import('xml-crypto');
  const signature = new SignedXml({
    privateKey,
    publicCert: certificate,
    signatureAlgorithm: RSA_SHA256,
    canonicalizationAlgorithm: EXC_C14N,
  });
  signature.addReference({ xpath: element, transforms: [ENVELOPED, EXC_C14N], digestAlgorithm: SHA256 });
  signature.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: `${element}/*[local-name(.)='Issuer']`, action: 'after' },
  });
  return signature.getSignedXml();
};

/** The address with a signed message in it. */
export const signedUrl = (
  url: string,
  field: 'SAMLRequest' | 'SAMLResponse',
  xml: string,
  relayState: string | null,
  { privateKey }: SamlKey,
): string => {
  const pairs = [
    [field, deflateRawSync(xml).toString('base64')],
    ...(relayState === null ? [] : [['RelayState', relayState]]),
    ['SigAlg', RSA_SHA256],
  ];
  const query = pairs.map(([name = '', value = '']) => `${name}=${encodeURIComponent(value)}`).join('&');
  const signature = sign('sha256', Buffer.from(query), privateKey).toString('base64');
  return `${url}${url.includes('?') ? '&' : '?'}${query}&Signature=${encodeURIComponent(signature)}`;
};

/** As metadata have them. */
export const keyDescriptors = (keys: readonly SamlKey[]): Html =>
  html`${keys.map(
    (
      key,
    ) => html`<KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${bare(key)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>
`,
  )}`;

/** Base64 alone. */
const bare = ({ certificate }: SamlKey): string => new X509Certificate(certificate).raw.toString('base64');
