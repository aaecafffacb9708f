// What an XML message of SAML may look like at all, before any parser sees it. What is refused here is what attacks are made of and honest
// senders never write: document types and entities, comments, CDATA, processing instructions, old algorithms.
import { SAML_ALGORITHMS } from '../../../tenants/saml-algorithms.ts';

/** A thousand groups are 100 KB; API Gateway takes 10 MB. */
export const MESSAGE_MAX_BYTES = 512 * 1024;

/** The parser copies those in force for every element that declares one: without a limit, to the square. Messages have a dozen. */
const PREFIXES_MAX = 30;

/** Says why a message is refused, as an error to throw. */
export type Refuse = (why: string, cause?: unknown) => Error;

/** What a form or a query carries, in lines or in one; null where it is no Base64. */
export const readBase64 = (text: string): Buffer | null => {
  const packed = text.replaceAll(/\s/g, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(packed) ? Buffer.from(packed, 'base64') : null;
};

/** The message as text: one element of this name. */
export const readXml = (bytes: Uint8Array, root: string, refused: Refuse): string => {
  if (bytes.length > MESSAGE_MAX_BYTES) throw refused('it is too long');
  const xml = asUtf8(bytes, refused);
  const content = xml.replace(/^\s*<\?xml\s[^<>?]*\?>/, '');
  if (/<[!?]/.test(content)) throw refused('it holds more than elements and text');
  if (elements(content, root) !== 1 || !new RegExp(`^\\s*<(?:[\\w.-]+:)?${root}[\\s/>]`).test(content))
    throw refused(`it is no single ${root}`);
  const prefixes = new Set([...content.matchAll(/\bxmlns:([^\s=]+)/g)].map(([, prefix]) => prefix));
  if (prefixes.size > PREFIXES_MAX) throw refused(`it declares ${prefixes.size} prefixes, more than ${PREFIXES_MAX}`);
  const unknown = algorithmsIn(content).find((algorithm) => !SAML_ALGORITHMS.has(algorithm));
  if (unknown !== undefined) throw refused(`the algorithm ${unknown} is not good enough: have it signed with RSA and SHA-256`);
  return xml;
};

/** Whatever their prefix. Names in XML cannot be written in another way, so none is missed. */
export const elements = (content: string, name: string): number =>
  [...content.matchAll(new RegExp(`<(?:[^\\s<>/:]+:)?${name}(?=[\\s/>])`, 'g'))].length;

const algorithmsIn = (content: string): string[] =>
  [...content.matchAll(/\bAlgorithm\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(([, double, single]) => double ?? single ?? '');

const asUtf8 = (bytes: Uint8Array, refused: Refuse): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw refused('it is not UTF-8', error);
  }
};
