// The path of a request: decided on and forwarded exactly as it was sent. What servers read in different ways is refused where it
// matters, by whoever decides by the path (path-readings.ts); here only what is no path at all.
import { SallyportError } from '../../protocol/errors.ts';

interface Refusal {
  readonly pattern: RegExp;
  readonly rule: string;
}

const REFUSALS: readonly Refusal[] = [
  // Raw spaces and control characters split request lines; other raw bytes are no URI (RFC 3986 §2), and no two readers agree on their charset.
  { pattern: /[^\x21-\x7e]/, rule: 'a character that a path cannot hold' },
  // They end the path: for some readers (CVE-2021-32779).
  { pattern: /[#?]/, rule: 'a `#` or `?`' },
];

/** Throws ERR_REQUEST_INVALID. */
export const canonicalPath = (sent: string): string => {
  if (!sent.startsWith('/')) throw refused('no slash at its beginning');
  for (const { pattern, rule } of REFUSALS) if (pattern.test(sent)) throw refused(rule);
  return sent;
};

const refused = (rule: string): SallyportError => new SallyportError('ERR_REQUEST_INVALID', `The path has ${rule}.`);
