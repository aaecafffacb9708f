// Finds addresses in text, as HTML, CSS, JavaScript and JSON spell them: `http:\/\/wiki.corp\/`, `http:&#x2F;&#x2F;wiki.corp`.
// Only `:` and `/` have several spellings; an address that is put in its place keeps the slash of the one that was there, so what
// surrounds it means what it meant. Nothing else of the text is ever touched.
import { authorityOf } from '../../../tenants/authority.ts';

export type Scheme = 'http' | 'https' | 'ws' | 'wss' | '';

/** An address in a text, up to the end of its authority; a path alone (`/base/x`) has the authority null and ends where it starts. */
export interface Spelt {
  readonly start: number;
  readonly end: number;
  /** Empty for `//host`. */
  readonly scheme: Scheme;
  /** The canonical one. */
  readonly authority: string | null;
  readonly colon: string;
  readonly slash: string;
}

/** JSON within JavaScript within JSON doubles its backslashes each time. */
const BACKSLASHES = String.raw`\\{1,8}`;
export const SLASH = String.raw`(?:\/|${BACKSLASHES}(?:\/|u002[fF]|x2[fF])|&(?:#[xX]2[fF]|#47|sol);)`;
const COLON = `(?::|${BACKSLASHES}(?:u003a|x3a)|&(?:#x3a|#58|colon);)`;
const QUOTE = String.raw`(?:["'\x60]|&(?:quot|apos|#0?3[49]|#x2[27]);|${BACKSLASHES}(?:u002[27]|x2[27]))`;
const LABEL = '[a-z0-9_][a-z0-9_-]{0,62}';
/** A final dot belongs to the name only where a port or a path follows; else it ends a sentence. */
const HOST = String.raw`((?:${LABEL}(?:\.${LABEL}){0,9}|\[[0-9a-f:.]{2,45}\])(?:\.(?=${COLON}\d|${SLASH}))?)`;
/** It may be empty (RFC 3986 §3.2.3). */
const PORT = String.raw`(?:${COLON}(?:(\d{1,5})|(?=${SLASH})))?`;
/** The name could go on, or is put together from parts that are not here: `http://wiki${'${'}zone}/`, `http://user@host`. */
const END = String.raw`(?![\w@%$*+{-]|[^\0-\x7f]|${COLON}|\.[\w-]|${BACKSLASHES}(?:u002e|x2e)|&(?:#46|#x2e|period|commat|#64|#x40);)`;
const SCHEME = '(https?|(?<![a-z])wss?)';

const ABSOLUTE = `${SCHEME}(${COLON})(${SLASH})${SLASH}${HOST}${PORT}${END}`;
const SCHEMELESS = `(${SLASH})${SLASH}${HOST}${PORT}${END}`;
const ANYWHERE = new RegExp(`${ABSOLUTE}|(?<=${QUOTE})${SCHEMELESS}`, 'gi');
const AT_START = new RegExp(`${ABSOLUTE}|${SCHEMELESS}`, 'iy');
const PATH_AT_START = new RegExp(`(${SLASH})(?!${SLASH}|\\\\)`, 'iy');
/** Blanks, and the quote of `url(&quot;…&quot;)` in a style attribute. */
const LEADING = new RegExp(String.raw`^[\0-\x20]*${QUOTE}?[\0-\x20]*`, 'i');

/** An address is recognised by this much of it at most: authority, and the path under which it may be published. */
export const ADDRESS_MAX = 1024;

/** Every absolute address in a text; `//host` counts where a quote stands before it and the host is no single word. */
export const findAddresses = (text: string): Spelt[] => {
  if (!mayHold(text)) return [];
  return [...text.matchAll(ANYWHERE)].flatMap((match) => {
    const found = spelt(match);
    // `"//div"` is an XPath expression, not a link.
    return found.scheme === '' && !/[.:]/.test(found.authority!) ? [] : [found];
  });
};

/**
 * The address with which a reference begins; or its path when it begins with a slash, where `paths` may have to be moved.
 * Null for what is relative, or no address.
 */
export const findReference = (text: string, paths: boolean): Spelt | null => {
  // Most references are relative, and told by their first character.
  if (!paths && !/^[\0-\x20]*(?:[hw"'\x60&\\]|\/[/\\&])/i.test(text)) return null;
  const start = LEADING.exec(text)![0].length;
  AT_START.lastIndex = start;
  const match = AT_START.exec(text);
  if (match) return spelt(match);
  if (!paths) return null;
  PATH_AT_START.lastIndex = start;
  const path = PATH_AT_START.exec(text);
  return path && { start, end: start, scheme: '', authority: null, colon: ':', slash: path[1]! };
};

const QUOTED_REST = /(?:(?!&(?:quot|#0?34);)[^\s"'\x60<>\\]|\\\/)*/y;

/** Where an address ends that is written in quotes. */
export const quotedEnd = (text: string, { end }: Spelt): number => {
  QUOTED_REST.lastIndex = end;
  QUOTED_REST.exec(text);
  return QUOTED_REST.lastIndex;
};

/** Whether a reference names no scheme and no host, so that it leads to where it stands. */
export const isRelative = (text: string): boolean => !/^[\0-\x20]*(?:[a-z][a-z0-9+.-]*:|[/\\]{2})/i.test(text);

const spelt = (match: RegExpExecArray): Spelt => {
  const [whole, scheme, colon = ':', slash, host, port, bareSlash, bareHost, barePort] = match;
  const known = (scheme ?? '').toLowerCase() as Scheme;
  return {
    start: match.index,
    end: match.index + whole.length,
    scheme: known,
    authority: authorityOf(known, host ?? bareHost!, port ?? barePort ?? ''),
    colon,
    slash: slash ?? bareSlash!,
  };
};

/** Most text has none: it is told cheaply. */
const mayHold = (text: string): boolean => /[:;\\]|["'`]\/\//.test(text);

/** Where an address that the end of the text cuts off would begin; the text's length where there is none. */
export const unfinishedAt = (text: string): number => {
  const from = Math.max(0, text.length - ADDRESS_MAX);
  const tail = text.slice(from);
  const match = UNFINISHED.exec(tail);
  return match ? from + match.index : text.length;
};

/** Every beginning of one of the words, longest first. */
const beginnings = (...words: readonly string[]): string =>
  [...new Set(words.flatMap((word) => Array.from(word, (_, index) => word.slice(0, word.length - index))))]
    .sort((one, other) => other.length - one.length)
    .join('|');

const escapesBegun = (unicode: string, hexadecimal: string, ...entities: readonly string[]): string =>
  `(?:${BACKSLASHES}(?:${beginnings(unicode, hexadecimal)})?|${beginnings(...entities)})`;
const SLASH_BEGUN = escapesBegun('u002f', 'x2f', '&#x2f;', '&#47;', '&sol;');
const COLON_BEGUN = escapesBegun('u003a', 'x3a', '&#x3a;', '&#58;', '&colon;');
const REST = String.raw`[^\s"'<>\x60]*`;
const BARE = '(?:https?|(?<![a-z])wss?)';
const UNFINISHED = new RegExp(
  [
    `(?:${beginnings('https')}|(?<![a-z])(?:${beginnings('wss')}))$`,
    `${BARE}${COLON_BEGUN}$`,
    `${BARE}${COLON}(?:${SLASH}){0,1}(?:${SLASH_BEGUN})?$`,
    `${BARE}${COLON}${SLASH}${SLASH}${REST}$`,
    `${QUOTE}(?:${SLASH})?(?:${SLASH_BEGUN})?$`,
    `${QUOTE}${SLASH}${SLASH}${REST}$`,
    `(?:${escapesBegun('u0022', 'x22', '&quot;', '&apos;', '&#039;', '&#034;', '&#39;', '&#34;', '&#x22;', '&#x27;')}|${BACKSLASHES}(?:u002?7?|x27?))$`,
  ].join('|'),
  'i',
);
