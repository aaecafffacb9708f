// Where the first element of a page's head goes: found as browsers find it (HTML §13.2, XML 1.0 §2), by a tokenizer that knows where each
// part stands in the text (htmlparser2). Before that place a browser runs nothing, and what goes there changes nothing else of the page.
import { Tokenizer } from 'htmlparser2';
import { declarationsEnd } from './xml-declarations.ts';

/** An offset; null: there is none. Undefined while more must be read. */
export type Place = number | null | undefined;

export interface PageStart {
  /** Takes the next part of the text. */
  push(part: string): Place;
  /** The text ends here. */
  end(): Exclude<Place, undefined>;
}

/** A head that has not begun by then is waited for no longer. */
export const START_MAX = 64 * 1024;
/** As UTF-8 read byte by byte, and as a character. */
const BYTE_ORDER_MARKS = ['\xef\xbb\xbf', '\ufeff'];
/** Those of HTML, and what browsers pass over like them. */
const BLANKS: ReadonlySet<string> = new Set('\0\t\n\f\r ');
/** The end tags that begin a head which has no start tag (HTML §13.2.6.4.2 and 3); others are ignored there. */
const BEGIN_HEAD: ReadonlySet<string> = new Set(['head', 'body', 'html', 'br']);

export const createPageStart = (xml: boolean): PageStart => {
  let text = '';
  let place: Place;
  /** Up to here all is complete, and stands before the place. */
  let passed = 0;
  let tag: 'root' | 'head' | null = null;
  let rooted = false;
  let ended = false;
  /** Where a document type begins that has declarations of its own, of which the tokenizer knows nothing. */
  let declared: number | null = null;
  let hasDeclared = false;

  const found = (at: number | null): void => {
    if (place === undefined) place = at === null || at > START_MAX || (xml && !rooted) ? null : at;
  };
  const pass = (to: number): void => {
    if (place === undefined) passed = to;
  };
  const finishTag = (end: number, empty: boolean): void => {
    if (place !== undefined || tag === null) return;
    // In XML an empty element holds nothing: ours goes before an empty head, and nowhere in an empty page.
    if (empty && xml) found(tag === 'head' ? passed : null);
    else if (tag === 'head') found(end);
    else pass(end);
    rooted = true;
    tag = null;
  };

  const newTokenizer = (): Tokenizer => {
    const created = new Tokenizer(
      { xmlMode: xml, decodeEntities: true },
      {
        ontext: (from, to) => {
          // What is left of a tag that does not end is no text, though the tokenizer says so.
          if (from < 0 || tag !== null || (ended && from > passed)) return found(null);
          let at = from;
          while (at < to && BLANKS.has(text[at]!)) at += 1;
          pass(at);
          if (at < to) found(at);
        },
        ontextentity: (character, end) => {
          if (!xml && BLANKS.has(String.fromCodePoint(character))) pass(end);
          else found(passed);
        },
        oncomment: (_start, end) => pass(end + 1),
        onprocessinginstruction: (_start, end) => pass(end + 2),
        ondeclaration: (start, end) => {
          if (!xml || !text.slice(start, end).includes('[')) return pass(end + 1);
          // XML knows one: where there are more, browsers show an error.
          if (hasDeclared) return found(null);
          hasDeclared = true;
          declared = start;
          created.pause();
        },
        oncdata: () => found(passed),
        onopentagname: (start, end) => {
          const name = text.slice(start, end);
          if (xml ? !rooted : name.toLowerCase() === 'html') tag = 'root';
          else if (xml ? /^(?:[^:]+:)?head$/.test(name) : name.toLowerCase() === 'head') tag = 'head';
          else found(start - 1);
        },
        onopentagend: (end) => finishTag(end + 1, false),
        onselfclosingtag: (end) => finishTag(end + 1, true),
        onclosetag: (start, end) => {
          // Of attributes, which an end tag may have in HTML, the tokenizer knows nothing.
          const ignored = !xml && text[end] === '>' && !BEGIN_HEAD.has(text.slice(start, end).toLowerCase());
          if (ignored) pass(end + 1);
          else found(start - 2);
        },
        onattribdata: nothing,
        onattribend: nothing,
        onattribentity: nothing,
        onattribname: nothing,
        onend: nothing,
      },
    );
    return created;
  };
  let tokenizer = newTokenizer();
  /** What the tokenizer has been given. */
  let read = 0;

  /** What has been dealt with, or means nothing; offsets stay those of the whole text. */
  const blank = (end: number): void => {
    text = ' '.repeat(end) + text.slice(end);
  };
  const readOn = (): void => {
    if (declared !== null) {
      const end = declarationsEnd(text, declared);
      if (end === null) return;
      declared = null;
      blank(end);
      tokenizer = newTokenizer();
      read = 0;
    }
    if (read === 0) blank(BYTE_ORDER_MARKS.find((mark) => text.startsWith(mark))?.length ?? 0);
    const from = Math.max(0, read - 2);
    // In a page that is not XML, `<![CDATA[` begins a comment as every other `<!` does, and ends with the next `>`.
    const seen = xml ? text.slice(from) : text.slice(from).replaceAll('<![', '<! ');
    tokenizer.write(seen.slice(read - from));
    read = text.length;
    if (declared !== null) readOn();
  };

  return {
    push: (part) => {
      const start = text.length;
      text += part;
      if (place !== undefined || text.length < 3) return place;
      readOn();
      // A switch to characters of two bytes, where what looks like `>` may be none (ISO-2022-JP).
      const switches = part.indexOf('\x1b');
      if (switches >= 0 && !(place! <= start + switches)) place = null;
      if (text.length > START_MAX) found(null);
      return place;
    },
    end: () => {
      if (place === undefined && declared === null) {
        if (read < text.length) readOn();
        ended = true;
        tokenizer.end();
      }
      return place ?? (place === undefined && !xml && passed === text.length ? passed : null);
    },
  };
};

const nothing = (): void => undefined;
