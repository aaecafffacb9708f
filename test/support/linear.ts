// Whether what reads a stranger's text stays linear in it: told by the CPU that it takes beside that of a loop which is linear for certain,
// in the same process. Time on the clock would be the machine's.
import { expect } from '@jest/globals';

/** The short ones come first: a cubic reader shows there, and would take minutes for the long ones. */
const CHARACTERS = [1024, 8192] as const;
/** What a reader may cost in plain passes over the longest. A quadratic one makes thousands, a cubic one millions. */
const PASSES = 1000;

/** Whatever means something to some reader: punctuation, blanks, controls, what is no ASCII or no text at all; and something ordinary. */
export const ODD_CHARACTERS: readonly string[] = [
  ...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ \t\r\n\0\x7f\x80\xe9\xff\u2028\ufeff\ud800',
  ...['a', 'Z', '0'],
];

/** Each piece alone, with an ordinary end, and in turn with each other one: 8 KB of it. */
export const oddTexts = (pieces: readonly string[] = ODD_CHARACTERS): string[] => {
  const filled = (piece: string, characters: number) => piece.repeat(Math.ceil(characters / piece.length)).slice(0, characters);
  const pairs = pieces.flatMap((piece) => pieces.map((other) => (other === piece ? piece : piece + other)));
  return CHARACTERS.flatMap((characters) => pairs.flatMap((pair) => [filled(pair, characters), `${filled(pair, characters)}x`]));
};

/** `read` may throw: whatever is refused was read as well. */
export const expectLinear = async (texts: readonly string[], read: (text: string) => unknown): Promise<void> => {
  const longest = texts.reduce((known, text) => (text.length > known.length ? text : known), '');
  const controls = [await cpu(() => passes(longest)), await cpu(() => passes(longest)), await cpu(() => passes(longest))];
  const allowed = Math.max(...controls);
  for (const text of texts) {
    let tries = 0;
    // What else the process had to do in the meantime is not the reader's.
    while (tries < 3 && (await cpu(() => read(text))) > allowed) tries += 1;
    if (tries === 3) expect(`slow: ${JSON.stringify(text.slice(0, 20))}… (${text.length})`).toBe('linear');
  }
};

const cpu = async (work: () => unknown): Promise<number> => {
  const before = process.cpuUsage();
  try {
    await work();
  } catch {}
  const { user, system } = process.cpuUsage(before);
  return user + system;
};

const passes = (text: string): number => {
  let sum = 0;
  for (let pass = 0; pass < PASSES; pass += 1) for (let at = 0; at < text.length; at += 1) sum = (sum + text.charCodeAt(at)) % 65_521;
  return sum;
};
