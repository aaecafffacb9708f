// What a provider's response may look like, before any parser of XML sees it: plain XML (xml.ts) with one assertion that is not encrypted.
import { SallyportError } from '../../../protocol/errors.ts';
import { elements, readBase64, readXml } from './xml.ts';

/** The response that `SAMLResponse` carries, as XML. Throws ERR_IDENTITY_REFUSED. */
export const readResponse = (encoded: string | null): string => {
  const bytes = encoded === null ? null : readBase64(encoded);
  if (bytes === null) throw refused('it is not there, or not Base64');
  const xml = readXml(bytes, 'Response', refused);
  if (elements(xml, 'EncryptedAssertion') > 0) throw refused('its assertion is encrypted: have the provider sign it instead');
  if (elements(xml, 'Assertion') > 1) throw refused('it holds several assertions');
  return xml;
};

/** An attribute of the response itself. Signed only where the whole response is. */
export const ofResponse = (xml: string, attribute: string): string | null => {
  const [, tag = ''] = /<(?:[\w.-]+:)?Response(\s[^<]*)/.exec(xml) ?? [];
  return new RegExp(`\\s${attribute}\\s*=\\s*(["'])(.*?)\\1`).exec(tag)?.[2] ?? null;
};

export const refused = (why: string, cause?: unknown): SallyportError =>
  new SallyportError('ERR_IDENTITY_REFUSED', `The sign-in service’s answer is refused: ${why}.`, { cause });
