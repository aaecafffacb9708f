// Whether what reads a stranger's text stays linear in it: told by the CPU that it takes beside that of a loop which is linear for certain,
// in the same process. Time on the clock would be the machine's.
import { expect } from '@jest/globals';

/** The short ones come first: a cubic reader shows there, and would take minutes for the long ones. */
const CHARACTERS = [1024, 8192] as const;
/** What a reader may cost in plain passes over the longest. A quadratic one makes thousands, a cubic one millions. */
const PASSES = 1000;

/** Each piece alone, with an ordinary end, and in turn with each other one: 8 KB of it. */
export const oddTexts = (pieces: readonly string[]): string[] => {
  const filled = (piece: string, characters: number) => piece.repeat(Math.ceil(characters / piece.length)).slice(0, characters);
  const pairs = pieces.flatMap((piece) => pieces.map((other) => (other === piece ? piece : piece + other)));
  return CHARACTERS.flatMap((characters) => pairs.flatMap((pair) => [filled(pair, characters), `${filled(pair, characters)}x`]));
};

/** `read` may throw: whatever is refused was read as well. */
export const expectLinear = (texts: readonly string[], read: (text: string) => unknown): void => {
  const longest = texts.reduce((known, text) => (text.length > known.length ? text : known), '');
  const allowed = Math.max(...[1, 2, 3].map(() => cpu(() => passes(longest))));
  const slow = texts.find((text) => [1, 2, 3].every(() => cpu(() => attempt(read, text)) > allowed));
  expect(slow === undefined ? 'all linear' : `slow: ${JSON.stringify(slow.slice(0, 20))}… (${slow.length})`).toBe('all linear');
};

const cpu = (work: () => unknown): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
};

const passes = (text: string): number => {
  let sum = 0;
  for (let pass = 0; pass < PASSES; pass += 1) for (let at = 0; at < text.length; at += 1) sum = (sum + text.charCodeAt(at)) % 65_521;
  return sum;
};

const attempt = (read: (text: string) => unknown, text: string): void => {
  try {
    read(text);
  } catch {}
};
