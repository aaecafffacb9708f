// The one part of XML that its tokenizer does not read (XML 1.0 §2.8): `<!DOCTYPE html [ <!ENTITY a "]>"> ]>`.

/** Where the document type ends whose text begins at `start`; null while it does not. */
export const declarationsEnd = (text: string, start: number): number | null => {
  let at = start;
  let within = false;
  while (at < text.length) {
    const closing = CLOSING.find(([opening]) => text.startsWith(opening, at));
    if (closing) {
      const end = text.indexOf(closing[1], at + closing[0].length);
      if (end < 0) return null;
      at = end + closing[1].length;
      continue;
    }
    const character = text[at];
    if (character === '[') within = true;
    if (character === ']') within = false;
    at += 1;
    if (character === '>' && !within) return at;
  }
  return null;
};

/** What may hold any character, and what ends it. */
const CLOSING = [
  ['"', '"'],
  ["'", "'"],
  ['<!--', '-->'],
  ['<?', '?>'],
] as const;
