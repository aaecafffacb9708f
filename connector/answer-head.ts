// The head of an origin's answer, as Chromium reads it: what is harmless is mended, what could be read in two ways is refused. An answer whose
// head was mended is the last on its connection, so that nothing behind it can pass for the answer to somebody else's request.
import { SallyportError } from '../protocol/errors.ts';
import { isToken } from '../protocol/headers.ts';

export interface AnswerHead {
  readonly status: number;
  /** As it is to be read; null: as it came. */
  readonly mended: string | null;
}

type Field = [name: string, value: string];

const STATUS_LINE = /^HTTP\/(\d)\.(\d)[ \t]+(\d{3})(?![^ \t])/i;
const FRAMING = /content-length|transfer-encoding/i;
const DIGITS = /^\d{1,15}$/;
/** RFC 9110 §5.5: no part of a value. NUL is refused before. */
const CONTROLS = /[^\t\x20-\x7e\x80-\xff]/g;

/** Reads a head with its last, empty line. Throws ERR_ORIGIN_INVALID. */
export const readHead = (text: string): AnswerHead => {
  if (text.includes('\0')) throw invalid('it holds a NUL byte');
  const lines = text.split('\n');
  // Behind the last line there is nothing.
  lines.pop();
  let mended = lines.some((line) => !line.endsWith('\r'));
  const [first = '', ...rest] = lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));

  const [, major, minor, code] = STATUS_LINE.exec(first) ?? [];
  if (code === undefined) throw invalid(`its first line is ${JSON.stringify(first.slice(0, 60))}; HTTP/1.1 and a status were expected`);
  const old = major === '1' && minor === '0';
  if (!/^HTTP\/1\.[01] \d{3}(?: [\t\x20-\x7e\x80-\xff]*)?$/.test(first)) mended = true;

  const read = readFields(rest);
  const framed = readFraming(read.fields, old);
  if (!mended && !read.mended && framed === null) return { status: Number(code), mended: null };
  const fields = [...(framed ?? read.fields), ['Connection', 'close']];
  return {
    status: Number(code),
    // Of this version, since `close` weighs more than `keep-alive` there.
    mended: `HTTP/1.1 ${code} \r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  };
};

/** Folded lines are joined (RFC 9112 §5.2); lines without a field name are left out, with what continues them. */
const readFields = (lines: readonly string[]): { readonly fields: Field[]; readonly mended: boolean } => {
  const read: Array<{ readonly name: string; readonly parts: string[] }> = [];
  let mended = false;
  let parts: string[] = [];
  for (const line of lines) {
    if (line === '') break;
    const folded = isBlank(line.charCodeAt(0));
    const colon = folded ? -1 : line.indexOf(':');
    const name = colon < 0 ? '' : trimmed(line.slice(0, colon));
    const value = line.slice(colon + 1);
    const clean = value.replace(CONTROLS, ' ');
    if (folded) {
      parts.push(trimmed(clean));
    } else {
      parts = [trimmed(clean)];
      if (isToken(name)) read.push({ name, parts });
      // Another reader may find a field in it.
      else if (FRAMING.test(colon < 0 ? line : name)) throw invalid('a line may or may not say where the body ends');
    }
    if (!isToken(name) || name.length !== colon || clean !== value) mended = true;
  }
  const fields = read.map(({ name, parts }): Field => [name, parts.filter((part) => part !== '').join(' ')]);
  return { fields, mended };
};

/** The fields, where those that say how long the body is must be others (RFC 9112 §6.3); null: they are right. */
const readFraming = (fields: readonly Field[], old: boolean): Field[] | null => {
  const codings = elements(fields, 'transfer-encoding').filter((coding) => coding.toLowerCase() !== 'identity');
  const lengths = elements(fields, 'content-length');
  // `TE` was not sent, so no coding but chunked may come (RFC 9112 §7.4): without its field the body would be garbage.
  if (codings.some((coding) => coding.toLowerCase() !== 'chunked')) {
    throw invalid('it used a transfer coding that nobody asked for; only chunked is understood');
  }
  const chunked = codings.length > 0;
  if (!chunked && lengths.some((length) => !DIGITS.test(length) || length !== lengths[0])) {
    throw invalid(`its Content-Length is ${JSON.stringify(lengths.join(', ').slice(0, 60))}; one number was expected`);
  }
  const framing = fields.filter(isFraming);
  if (framing.length === 0 || (framing.length === 1 && !(chunked && old) && framing[0]![1] === (codings[0] ?? lengths[0]))) return null;
  const one: Field[] = chunked ? [['Transfer-Encoding', 'chunked']] : lengths.slice(0, 1).map((length) => ['Content-Length', length]);
  return [...fields.filter((field) => !isFraming(field)), ...one];
};

const isFraming = ([name]: Field): boolean => ['content-length', 'transfer-encoding'].includes(name.toLowerCase());

/** The elements of a list, from all its lines. */
const elements = (fields: readonly Field[], wanted: string): string[] =>
  fields.filter(([name]) => name.toLowerCase() === wanted).flatMap(([, value]) => value.split(',').map(trimmed));

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

/** Of blanks and tabs alone: other characters that look like them may be bytes of letters. */
const trimmed = (text: string): string => {
  let [begin, end] = [0, text.length];
  while (begin < end && isBlank(text.charCodeAt(begin))) begin += 1;
  while (end > begin && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(begin, end);
};

const invalid = (why: string): SallyportError => new SallyportError('ERR_ORIGIN_INVALID', `The answer cannot be read: ${why}.`);
