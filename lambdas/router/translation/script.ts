// JavaScript and JSON: every absolute address in them, wherever it stands. No tokenizer: `//` in code begins a comment, so an address
// stands in a string, a template, a regular expression or a comment, and what replaces it is made of the same characters, its slashes
// escaped as they were. What was a token stays one, whatever the language, and nothing depends on telling `/` from `/…/`.
import type { Output, Scanner } from './pieces.ts';
import { findAddresses, quotedEnd, type Spelt, unfinishedAt } from './spelling.ts';

/** `alone`: only strings that are an address and nothing else, as settings are; what people have written holds more. */
export const createScriptScanner = (alone = false): Scanner => {
  let held = '';
  /** The characters before what is held: `news://` holds no `ws://`, and `\\"` begins no string. */
  let before = '';
  const quotes = createQuotes();

  const isWanted = (text: string, site: Spelt, within: boolean): boolean => {
    const quote = text[site.start - 1] ?? '';
    if (!/^["'`]$/.test(quote) || text[site.start - 2] === '\\' || (within && quote !== '"')) return false;
    return text[quotedEnd(text, site)] === quote;
  };

  /** `after`: what is held, among it the quote that may end a string. */
  const scanned = (text: string, after: string): Output[] => {
    if (text === '') return [];
    const shift = before.length;
    const whole = before + text;
    let read = shift;
    const sites = findAddresses(whole)
      .filter((site) => {
        if (site.start < shift || !alone) return site.start >= shift;
        const within = quotes.read(whole.slice(read, site.start));
        read = site.start;
        return isWanted(whole + after, site, within);
      })
      .map((site) => ({ ...site, start: site.start - shift, end: site.end - shift }));
    if (alone) quotes.read(whole.slice(read));
    before = whole.slice(-2);
    return [sites.length === 0 ? text : { text, place: 'scripts', sites }];
  };

  return {
    push: (text) => {
      const all = held + text;
      const at = unfinishedAt(all);
      held = all.slice(at);
      return scanned(all.slice(0, at), held);
    },
    end: () => {
      const rest = held;
      held = '';
      return scanned(rest, '');
    },
  };
};

/** Whether a text that is read part by part has come into a double-quoted string, as JSON has them: markup in it has quotes of the other kind. */
const createQuotes = () => {
  let within = false;
  let escaped = false;
  return {
    read: (text: string): boolean => {
      for (const character of text) {
        if (character === '\n') within = false;
        else if (character === '"' && !escaped) within = !within;
        escaped = character === '\\' && !escaped;
      }
      return within;
    },
  };
};
