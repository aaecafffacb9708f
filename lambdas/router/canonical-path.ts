// The path of a request, read strictly: what two readers could take for different places is refused (D10, peers' advisories).
// What is accepted is forwarded as it was sent, and is a fixed point of URL parsing, so the connector cannot read it otherwise.
import { SallyportError } from '../../protocol/errors.ts';

/** More layers of encoding than this nobody takes off. */
const DECODING_ROUNDS = 4;

interface Refusal {
  readonly pattern: RegExp;
  readonly rule: string;
}

const REFUSALS: readonly Refusal[] = [
  // Raw spaces and non-ASCII are no URI (RFC 3986 §2); control characters split lines.
  { pattern: /[^\x21-\x7e]/, rule: 'a character that a path cannot hold' },
  // Windows servers take a backslash for a slash, in either spelling; `#` and `?` cut the path for some readers (CVE-2021-32779).
  { pattern: /\\|%5c/i, rule: 'a backslash' },
  { pattern: /[#?]/, rule: 'a `#` or `?`' },
  { pattern: /%(?![0-9a-f]{2})/i, rule: 'a broken percent-escape' },
  { pattern: /%(?:[01][0-9a-f]|7f)/i, rule: 'an encoded control character' },
  // Longer encodings of ASCII than needed (`%c0%af` is a slash to a lax decoder) are no UTF-8 (RFC 3629 §3).
  { pattern: /%c[01]%[89ab][0-9a-f]|%e0%[89][0-9a-f]|%f0%8[0-9a-f]/i, rule: 'an overlong UTF-8 sequence' },
];

/** The path as it is decided on and forwarded. Throws ERR_REQUEST_INVALID. */
export const canonicalPath = (sent: string): string => {
  if (!sent.startsWith('/')) throw refused('no slash at its beginning');
  for (const { pattern, rule } of REFUSALS) if (pattern.test(sent)) throw refused(rule);
  // Tomcat drops `;…` from a segment, IIS blanks behind it, lax servers decode twice: none of them may see a dot segment.
  if (segments(decoded(sent)).some((segment) => /^\.\.?$/.test(segment.replace(/;.*/, '').trim()))) throw refused('a `.` or `..` segment');
  return sent.replaceAll(/["<>^`{}]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
};

/**
 * The path as the laxest origin reads it: decoded throughout, `;…` dropped, slashes merged, case folded. Nothing is forwarded so;
 * it only shows whether such an origin would see another application than we do.
 */
export const laxPath = (path: string): string => {
  const read = segments(decoded(path)).map((segment) => segment.replace(/;.*/, '').trim());
  return `/${read.join('/')}`.replaceAll(/\/{2,}/g, '/').toLowerCase();
};

const segments = (path: string): string[] => path.split(/[/\\]/);

/** ASCII escapes taken off, layer by layer. */
const decoded = (path: string): string => {
  let text = path;
  for (let round = 0; round < DECODING_ROUNDS && /%[0-7][0-9a-f]/i.test(text); round += 1) {
    text = text.replaceAll(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  return text;
};

const refused = (rule: string): SallyportError => new SallyportError('ERR_REQUEST_INVALID', `The path has ${rule}.`);
