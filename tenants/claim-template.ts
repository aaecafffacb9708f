// A line of text made of what is known of a user: `{username|lower}@corp.example`. Parsed when a tenant file is checked, filled by
// the router. A value that the rules refuse is refused, never shortened or mended: a changed name is another user's.
import { SallyportError } from '../protocol/errors.ts';

/** What may be done to a claim, in order, after `|`. A claim of several values (groups) has it done to each. */
const STEPS = {
  lower: { argument: null, says: 'in lower case' },
  upper: { argument: null, says: 'in upper case' },
  'user-part': { argument: null, says: 'what stands before the @ of an address' },
  'domain-part': { argument: null, says: 'what stands after it' },
  percent: { argument: null, says: 'percent-encoded, for applications that read ASCII only' },
  ascii: { argument: null, says: 'refused when it has other characters than printable ASCII' },
  max: { argument: /^[1-9]\d{0,3}$/, says: 'max(20): refused when it is longer' },
  starting: { argument: /^[^(){}|]+$/, says: 'starting(app-): of several values those that begin so' },
  join: { argument: /^[,;: /]$/, says: 'join(;): what stands between several values' },
  default: { argument: /^[^(){}|]+$/, says: 'default(none): where the user lacks the claim' },
} as const satisfies Readonly<Record<string, { readonly argument: RegExp | null; readonly says: string }>>;

export type StepName = keyof typeof STEPS;
export const STEP_NAMES = Object.keys(STEPS) as readonly StepName[];

interface Step {
  readonly name: StepName;
  readonly argument: string;
}

interface Claim {
  readonly claim: string;
  readonly steps: readonly Step[];
}

/** Text as it stands, and claims. */
export type Template = ReadonlyArray<string | Claim>;

/** A claim's values; none where the user lacks it. */
export type ClaimsOf = (claim: string) => readonly string[];

const SEPARATOR_DEFAULT = ',';
const FILLED_MAX_BYTES = 8 * 1024;

/** Throws an Error whose message says what was expected. `claims` are the names that there are; left out, any is taken. */
export const parseTemplate = (text: string, claims?: readonly string[]): Template => {
  // Doubled braces stand for themselves.
  const pieces = text.match(/\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]/g) ?? [];
  return pieces.map((piece) => {
    if (piece === '{{' || piece === '}}') return piece[0]!;
    if (piece === '{' || piece === '}') throw new Error('braces in pairs, such as {username}; a brace as text is doubled');
    if (!piece.startsWith('{')) return readText(piece);
    const [claim = '', ...steps] = piece.slice(1, -1).split('|');
    if (claims?.includes(claim) === false) throw new Error(`one of the claims ${claims.join(', ')} in the braces`);
    return { claim, steps: steps.map(readStep) };
  });
};

/** `text` as a template that is nothing but this text. */
export const textTemplate = (text: string): string => text.replaceAll(/[{}]/g, '$&$&');

export const claimsIn = (template: Template): string[] => template.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.claim]));

const readText = (text: string): string => {
  if (!/^[\x20-\x7e]*$/.test(text)) throw new Error('printable ASCII around the braces');
  return text;
};

const readStep = (text: string): Step => {
  const [, name = '', argument] = /^([a-z-]+)(?:\((.*)\))?$/.exec(text) ?? [];
  const step = Object.hasOwn(STEPS, name) ? STEPS[name as StepName] : undefined;
  const fits = step?.argument === null ? argument === undefined : argument !== undefined && step?.argument.test(argument);
  if (!fits) {
    const known = Object.entries(STEPS).map(([key, { argument: expected, says }]) => (expected === null ? `${key} (${says})` : says));
    throw new Error(`after each | one of ${known.join(', ')}`);
  }
  return { name: name as StepName, argument: argument ?? '' };
};

/** The text for one user; null where the user lacks a claim of it. Throws ERR_IDENTITY_REFUSED for a value that the rules refuse. */
export const fillTemplate = (template: Template, claimsOf: ClaimsOf): string | null => {
  const parts = template.map((piece) => (typeof piece === 'string' ? piece : fillClaim(piece, claimsOf(piece.claim))));
  if (parts.includes(null)) return null;
  const filled = parts.join('');
  if (Buffer.byteLength(filled) <= FILLED_MAX_BYTES) return filled;
  throw refused(claimsIn(template).join(', '), `makes a line of more than ${FILLED_MAX_BYTES} bytes`);
};

/** As `fillTemplate`, but groups that stand alone and are not joined stay a list. */
export const fillValue = (template: Template, claimsOf: ClaimsOf): string | readonly string[] | null => {
  const [piece, ...more] = template;
  if (typeof piece !== 'object' || more.length > 0 || piece.claim !== 'groups' || piece.steps.some(({ name }) => name === 'join'))
    return fillTemplate(template, claimsOf);
  return valuesOf(piece, claimsOf('groups'));
};

const fillClaim = (filled: Claim, given: readonly string[]): string | null => {
  const { claim, steps } = filled;
  const values = valuesOf(filled, given);
  if (values.length === 0) return null;
  const separator = steps.findLast(({ name }) => name === 'join')?.argument ?? SEPARATOR_DEFAULT;
  const plain = claim !== 'groups' || steps.some(({ name }) => name === 'percent');
  return values.map((value) => (plain ? value : listed(value, separator))).join(separator);
};

/** Once all is done to them. */
const valuesOf = ({ claim, steps }: Claim, given: readonly string[]): readonly string[] => {
  // Readers trim blanks, so `alice ` would become `alice`; they split at CR and LF.
  if (given.some((value) => /\p{Cc}|\p{Surrogate}/u.test(value) || value !== value.trim())) {
    throw refused(claim, 'holds a control character or outer blanks');
  }
  let values = given.filter((value) => value !== '');
  for (const { name, argument } of steps) {
    if (name === 'join') continue;
    if (name === 'starting') values = values.filter((value) => value.startsWith(argument));
    else if (name === 'default') values = values.length === 0 ? [argument] : values;
    else values = values.map((value) => change(claim, name, argument, value)).filter((value) => value !== '');
  }
  return values;
};

const change = (claim: string, name: StepName, argument: string, value: string): string => {
  switch (name) {
    case 'lower':
      return value.toLowerCase();
    case 'upper':
      return value.toUpperCase();
    case 'user-part':
    case 'domain-part': {
      const [user = '', domain = '', ...more] = value.split('@');
      // Two readers would cut `a@b@c` at different places.
      if (more.length > 0) throw refused(claim, 'holds more than one @');
      return name === 'user-part' ? user : domain;
    }
    case 'percent':
      return encodeURIComponent(value);
    case 'ascii':
      if (!/^[\x20-\x7e]*$/.test(value)) throw refused(claim, 'holds other characters than printable ASCII');
      return value;
    case 'max':
      if ([...value].length > Number(argument)) throw refused(claim, `is longer than ${argument} characters`);
      return value;
    default:
      return value;
  }
};

/** A group named `guests,admins` is one group: the separator is the list's, so a name's own is escaped. */
const listed = (value: string, separator: string): string => {
  const escaped = `%${separator.charCodeAt(0).toString(16).toUpperCase()}`;
  return value.replaceAll('%', '%25').replaceAll(separator, escaped);
};

const refused = (claims: string, why: string): SallyportError =>
  new SallyportError('ERR_IDENTITY_REFUSED', `The claim ${claims} ${why}: correct it at the provider, or what is made of it.`);
