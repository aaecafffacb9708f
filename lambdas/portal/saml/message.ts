// What a SAML message may look like at all, before any parser of XML sees it. What is refused here is what attacks are made of and honest
// providers never send: document types and entities, comments, CDATA, processing instructions, several assertions, old algorithms.
import { SallyportError } from '../../../protocol/errors.ts';

/** A thousand groups are 100 KB; API Gateway takes 10 MB. */
const MESSAGE_MAX_BYTES = 512 * 1024;

/** SHA-1 is not among them; nor is any canonicalization that keeps comments, nor encryption, for which we have no key. */
const ALGORITHMS: ReadonlySet<string> = new Set([
  'http://www.w3.org/2001/10/xml-exc-c14n#',
  'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'http://www.w3.org/2001/04/xmlenc#sha512',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
]);

/** The response that `SAMLResponse` carries, as XML. Throws ERR_IDENTITY_REFUSED. */
export const readResponse = (encoded: string | null): string => {
  if (encoded === null || !/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(encoded)) throw refused('it is not there, or not Base64');
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length > MESSAGE_MAX_BYTES) throw refused('it is too long');
  const xml = asUtf8(bytes);

  const content = xml.replace(/^\s*<\?xml\s[^<>?]*\?>/, '');
  if (/<[!?]/.test(content)) throw refused('it holds more than elements and text');
  if (elements(content, 'Response') !== 1 || !/^\s*<(?:[\w.-]+:)?Response[\s>]/.test(content)) throw refused('it is no single response');
  if (elements(content, 'EncryptedAssertion') > 0) throw refused('its assertion is encrypted: have the provider sign it instead');
  if (elements(content, 'Assertion') > 1) throw refused('it holds several assertions');
  const unknown = algorithmsIn(content).find((algorithm) => !ALGORITHMS.has(algorithm));
  if (unknown !== undefined) throw refused(`the algorithm ${unknown} is not good enough: have the provider sign with SHA-256`);
  return xml;
};

/** An attribute of the response itself. Signed only where the whole response is. */
export const ofResponse = (xml: string, attribute: string): string | null => {
  const [, tag = ''] = /<(?:[\w.-]+:)?Response(\s[^<]*)/.exec(xml) ?? [];
  return new RegExp(`\\s${attribute}\\s*=\\s*(["'])(.*?)\\1`).exec(tag)?.[2] ?? null;
};

/** Whatever their prefix. Names in XML cannot be written in another way, so none is missed. */
const elements = (content: string, name: string): number =>
  [...content.matchAll(new RegExp(`<(?:[^\\s<>/:]+:)?${name}(?=[\\s/>])`, 'g'))].length;

const algorithmsIn = (content: string): string[] =>
  [...content.matchAll(/\bAlgorithm\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(([, double, single]) => double ?? single ?? '');

const asUtf8 = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw refused('it is not UTF-8', error);
  }
};

export const refused = (why: string, cause?: unknown): SallyportError =>
  new SallyportError('ERR_IDENTITY_REFUSED', `The sign-in service’s answer is refused: ${why}.`, { cause });
