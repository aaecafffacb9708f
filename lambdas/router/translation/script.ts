// JavaScript and JSON: every absolute address in them, wherever it stands. No tokenizer: `//` in code begins a comment, so an address
// stands in a string, a template, a regular expression or a comment, and what replaces it is made of the same characters, its slashes
// escaped as they were. What was a token stays one, whatever the language, and nothing depends on telling `/` from `/…/`.
import type { Output, Scanner } from './pieces.ts';
import { findAddresses, unfinishedAt } from './spelling.ts';

export const createScriptScanner = (): Scanner => {
  let held = '';
  /** The character before what is held: `news://` holds no `ws://`. */
  let before = '';

  const scanned = (text: string): Output[] => {
    if (text === '') return [];
    const shift = before.length;
    const sites = findAddresses(before + text)
      .filter(({ start }) => start >= shift)
      .map((site) => ({ ...site, start: site.start - shift, end: site.end - shift }));
    before = text.slice(-1);
    return [sites.length === 0 ? text : { text, place: 'scripts', sites }];
  };

  return {
    push: (text) => {
      const all = held + text;
      const at = unfinishedAt(all);
      held = all.slice(at);
      return scanned(all.slice(0, at));
    },
    end: () => {
      const rest = held;
      held = '';
      return scanned(rest);
    },
  };
};
