// What servers do to a path before they look for what it names, one operation each. They do them in whatever order, some of them more than
// once: path-readings.ts tries every order. Each of them is linear in a text that a stranger sends, and none changes a path that is not odd.

export type Operation = (path: string) => string;

/** Tomcat, Jetty, Spring: `/a;b=c/d` is `/a/d`. */
const dropParameters: Operation = (path) => path.replaceAll(/;[^/]*/g, '');
/** NTFS: `admin::$INDEX_ALLOCATION` is `admin`. */
const dropStreams: Operation = (path) => path.replaceAll(/:[^/]*/g, '');
const turnBackslashes: Operation = (path) => path.replaceAll('\\', '/');
const mergeSlashes: Operation = (path) => path.replaceAll(/\/{2,}/g, '/');

/** WHATWG URL: `%2e` is a dot where the segment is nothing but dots, though nothing else is decoded. */
const readEncodedDots: Operation = (path) => path.replaceAll(/(?<=\/)(?:\.|%2e){1,2}(?=\/|$)/gi, (dots) => dots.replaceAll(/%2e/gi, '.'));

/** RFC 3986 §5.2.4, but that `..` above the root stays, as Java's `URI.normalize` leaves it. */
const resolveDots: Operation = (path) => {
  if (!path.includes('/.')) return path;
  const kept: string[] = [];
  for (const segment of path.slice(1).split('/')) {
    if (segment === '..' && kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}`;
};
const stopAtRoot: Operation = (path) => path.replace(/^(?:\/\.\.(?=\/|$))+/, '');

/** Windows: `admin.` and `admin ` are `admin`. */
const trimNames: Operation = (path) =>
  byName(path, /[. ](?:\/|$)/, (name) => (name === '.' || name === '..' ? name : name.slice(0, nameEnd(name))));
/** Old Windows: dots are dots with blanks among them, and more than two are two. */
const readLaxDots: Operation = (path) =>
  byName(path, /[. ](?:\/|$)/, (name) =>
    nameEnd(name) > 0 || !name.includes('.') ? name : name.indexOf('.') === name.lastIndexOf('.') ? '.' : '..',
  );
/** Where the last dots and blanks begin. A pattern would try each of them: quadratic, for whoever sends thousands. */
const nameEnd = (name: string): number => {
  let end = name.length;
  while (end > 0 && '. '.includes(name.charAt(end - 1))) end -= 1;
  return end;
};
/** Spring's AntPathMatcher, and many a framework. */
const trimBlanks: Operation = (path) => byName(path, /\s/, (name) => name.trim());

const byName = (path: string, odd: RegExp, read: (name: string) => string): string =>
  odd.test(path) ? path.split('/').map(read).join('/') : path;

/** Some stop at a NUL, at what they take for a query or a fragment, or at the first parameter. */
const stopAt =
  (end: RegExp): Operation =>
  (path) => {
    const at = path.search(end);
    return at < 0 ? path : path.slice(0, at);
  };

/** WHATWG URL leaves tabs and line breaks out, PHP's filters every control character. */
const dropControls: Operation = (path) => path.replaceAll(/[^\x20-\x7e\x80-\uffff]/g, '');

/**
 * Longer encodings of ASCII than needed: 0xC0 0xAF is a slash to a lax decoder, though it is no UTF-8 (RFC 3629 §3). The laxest looks at no more
 * of the last byte than its lower six bits, so 0xC0 0x2F is one as well (CVE-2000-0884).
 */
const shortenBytes: Operation = (path) => shortened(path, LONG);
const shortenLaxBytes: Operation = (path) => shortened(path, LONG_AND_LAX);
const LONG =
  /[\xc0\xc1][\x80-\xbf]|\xe0[\x80\x81][\x80-\xbf]|\xf0\x80[\x80\x81][\x80-\xbf]|\xf8\x80\x80[\x80\x81][\x80-\xbf]|\xfc\x80\x80\x80[\x80\x81][\x80-\xbf]/g;
const LONG_AND_LAX = /[\xc0\xc1][\s\S]/g;
const shortened = (path: string, long: RegExp): string =>
  path.replaceAll(long, (bytes) =>
    String.fromCharCode(((bytes.charCodeAt(bytes.length - 2) & 1) << 6) | (bytes.charCodeAt(bytes.length - 1) & 0x3f)),
  );

/**
 * Full-width letters, slashes and dots as plain ones, letters without their accents, and letters that become plain ones in capitals: what a narrower
 * character set makes of them (Windows' “best fit”), whether the bytes were UTF-8 or Latin-1. What cannot be seen is left out (HFS+, CVE-2014-9390).
 */
const narrowCharacters: Operation = (path) => (/[\x80-\xff]/.test(path) ? narrowed(Buffer.from(path, 'latin1').toString('utf8')) : path);
const narrowLatin: Operation = (path) => (/[\x80-\xff]/.test(path) ? narrowed(path) : path);
const narrowed = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/[\p{Mark}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replaceAll(/[\u2044\u2215]/g, '/')
    .replaceAll('\u2216', '\\')
    .toUpperCase();

export const OPERATIONS: readonly Operation[] = [
  dropParameters,
  dropStreams,
  turnBackslashes,
  mergeSlashes,
  readEncodedDots,
  resolveDots,
  stopAtRoot,
  trimNames,
  readLaxDots,
  trimBlanks,
  stopAt(/\0/),
  stopAt(/[?#]/),
  stopAt(/;/),
  dropControls,
  shortenBytes,
  shortenLaxBytes,
  narrowCharacters,
  narrowLatin,
];

/**
 * One layer of encoding taken off, one character for each byte: all of it; all but slashes or backslashes, as Apache and Tomcat can be told;
 * only what never needed it, as Apache does first (RFC 3986 §2.3); IIS knows `%u002e`, and of all characters the number in sixteen bits.
 */
export const DECODINGS: readonly Operation[] = [
  /%([0-9a-f]{2})/gi,
  /%(?!2f)([0-9a-f]{2})/gi,
  /%(?!5c)([0-9a-f]{2})/gi,
  /%(?!2f|5c)([0-9a-f]{2})/gi,
  /%(2[de]|3\d|[46][1-9a-f]|[57][0-9a]|5f|7e)/gi,
  /%(u[0-9a-f]{4}|[0-9a-f]{2})/gi,
].map((encoded) => (path) => path.replaceAll(encoded, (_, code: string) => bytesOf(code)));

const bytesOf = (code: string): string => {
  if (!/^u/i.test(code)) return String.fromCharCode(Number.parseInt(code, 16));
  return Buffer.from(String.fromCharCode(Number.parseInt(code.slice(1), 16))).toString('latin1');
};
