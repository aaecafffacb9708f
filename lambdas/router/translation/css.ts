// CSS: `url()`, `src()`, `image-set()` and `@import`, found by a tokenizer of the standard (CSS Syntax §4). Comments and other strings stay.
import { type CSSToken, TokenType, tokenizer } from '@csstools/css-tokenizer';
import type { Output, Scanner } from './pieces.ts';
import { findReference, type Spelt } from './spelling.ts';

/** A longer token (a picture in a data URL) passes as it is; its end is looked for, nothing else. */
const TOKEN_MAX = 64 * 1024;
const NESTING_MAX = 100;
const TAKES_REFERENCE: ReadonlySet<string> = new Set(['url', 'src', 'image-set', '-webkit-image-set']);

/** `paths`: whether paths without a host may have to be moved. */
export const createCssScanner = (paths: boolean): Scanner => {
  let held = '';
  let skip: Skip | null = null;
  const context = createContext();

  const scan = (text: string, last: boolean): Output[] => {
    const tokens = tokensOf(text);
    const end = last ? text.length : settledUntil(tokens, text.length);
    const sites: Spelt[] = [];
    for (const token of tokens) {
      const [, , start, lastIndex] = token;
      if (start >= end) break;
      const inside = context.accept(token);
      if (inside === null || lastIndex + 1 - start > TOKEN_MAX) continue;
      const from = start + inside;
      const found = findReference(text.slice(from, lastIndex + 1), paths);
      if (found) sites.push({ ...found, start: from + found.start, end: from + found.end });
    }
    held = text.slice(end);
    const done = text.slice(0, end);
    const output: Output[] = done === '' ? [] : [sites.length === 0 ? done : { text: done, place: 'styles', sites }];
    if (held.length <= TOKEN_MAX) return output;
    // The token goes on beyond what is held of it.
    context.accept(tokens.at(-1)!);
    skip = skipOf(held);
    const passed = held;
    held = '';
    skip?.begin(passed);
    return [...output, passed];
  };

  return {
    push: (text) => {
      if (skip === null) return scan(held + text, false);
      const at = skip.end(text);
      if (at < 0) return [text];
      skip = null;
      return [text.slice(0, at), ...scan(text.slice(at), false)];
    },
    end: () => (held === '' ? [] : scan(held, true)),
  };
};

/** The references in one declaration list, as a style attribute has it. */
export const scanStyle = (text: string, paths: boolean): readonly Spelt[] => {
  if (!/url|src|set|import/i.test(text)) return [];
  const scanner = createCssScanner(paths);
  let at = 0;
  return [...scanner.push(text), ...scanner.end()].flatMap((output) => {
    const from = at;
    if (typeof output === 'string') {
      at += output.length;
      return [];
    }
    at += output.text.length;
    return output.sites.map((site) => ({ ...site, start: from + site.start, end: from + site.end }));
  });
};

const tokensOf = (css: string): CSSToken[] => {
  const source = tokenizer({ css });
  const tokens: CSSToken[] = [];
  while (!source.endOfFile()) tokens.push(source.nextToken());
  return tokens.filter(([type]) => type !== TokenType.EOF);
};

/** The last token may go on; so may `<!-` and the like, which are single characters until then. */
const settledUntil = (tokens: readonly CSSToken[], length: number): number => {
  let at = tokens.length - 1;
  while (at > 0 && tokens[at - 1]![0] === TokenType.Delim && length - tokens[at - 1]![2] <= 4) at -= 1;
  return tokens[at]?.[2] ?? 0;
};

/** Knows in which function and behind which at-keyword a token stands; answers where a reference begins in it, null for none. */
const createContext = () => {
  const functions: string[] = [];
  let keyword = '';

  const nest = (name: string): void => {
    if (functions.length < NESTING_MAX) functions.push(name);
  };
  const accept = (token: CSSToken): number | null => {
    switch (token[0]) {
      case TokenType.Whitespace:
      case TokenType.Comment:
        return null;
      case TokenType.AtKeyword:
        keyword = token[4].value.toLowerCase();
        return null;
      case TokenType.Function:
        nest(token[4].value.toLowerCase());
        return null;
      case TokenType.OpenParen:
        nest('');
        return null;
      case TokenType.CloseParen:
        functions.pop();
        return null;
      case TokenType.URL:
        // A namespace is a name, not an address.
        return keyword === 'namespace' ? null : token[1].indexOf('(') + 1;
      case TokenType.String: {
        const imported = keyword === 'import';
        if (imported) keyword = '';
        return (imported || TAKES_REFERENCE.has(functions.at(-1) ?? '')) && keyword !== 'namespace' ? 1 : null;
      }
      case TokenType.Semicolon:
      case TokenType.OpenCurly:
        keyword = '';
        return null;
      default:
        if (keyword === 'import') keyword = '';
        return null;
    }
  };
  return { accept };
};

/** Looks for the end of a token whose beginning has passed already. */
interface Skip {
  begin(text: string): void;
  /** Where the text behind the token begins; -1 while it goes on. */
  end(text: string): number;
}

const skipOf = (text: string): Skip | null => {
  if (text.startsWith('/*')) return createSkip((character, previous) => previous === '*' && character === '/', false);
  const quote = text[0] === '"' || text[0] === "'" ? text[0] : null;
  // A line break ends a string that was not closed.
  if (quote) return createSkip((character) => character === quote || /[\n\r\f]/.test(character), true);
  return /^url\(/i.test(text) ? createSkip((character) => character === ')', true) : null;
};

const createSkip = (ends: (character: string, previous: string) => boolean, escapes: boolean): Skip => {
  let previous = '';
  let escaped = false;
  const end = (text: string): number => {
    for (let at = 0; at < text.length; at += 1) {
      const character = text[at]!;
      if (!escaped && ends(character, previous)) return at + 1;
      escaped = escapes && !escaped && character === '\\';
      previous = character;
    }
    return -1;
  };
  // Two characters tell whether the part ended within an escape or a `*`; more backslashes in a row are counted.
  return { begin: (text) => void end(/\\*.?$/s.exec(text.slice(-64))?.[0] ?? ''), end };
};
