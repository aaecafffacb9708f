// Whether what reads a stranger's text stays linear in it, told by the CPU that it takes: beside that of a loop which is linear for certain, in
// the same process, and where it takes more than that by how it grows. Time on the clock would be the machine's.
import { expect } from '@jest/globals';

/** The short one comes first: a cubic reader shows there, and would take minutes for the long one. */
const CHARACTERS = [256, 8192] as const;
/** What any reader may cost in plain passes over the text, however it grows. A quadratic one makes thousands, a cubic one millions. */
const PASSES = 100;
/** A linear reader takes as much CPU for a text as for eight of an eighth of it, a quadratic one eight times as much. */
const PARTS = 8;
const RATIO_MAX = 4;
/** What else the process had to do in the meantime is not the reader's. */
const TRIES = 3;

/** Whatever means something to some reader: punctuation, blanks, controls, what is no ASCII or no text at all; and something ordinary. */
export const ODD_CHARACTERS: readonly string[] = [
  ...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ \t\r\n\0\x7f\x80\xe9\xff\u2028\ufeff\ud800',
  ...['a', 'Z', '0'],
];

/** Of as many characters as are asked for. */
export type OddText = (characters: number) => string;

const filled =
  (pattern: string, end: string): OddText =>
  (characters) =>
    pattern.repeat(Math.ceil(characters / pattern.length)).slice(0, characters) + end;

const ORDINARY = filled('a', '');

/** Each piece alone, to the end and with an ordinary end, and in turn with each other one of `partners`. */
export const oddTexts = (pieces: readonly string[] = ODD_CHARACTERS, partners: readonly string[] = pieces): OddText[] => {
  const pairs = pieces.flatMap((piece) => partners.filter((partner) => partner !== piece).map((partner) => piece + partner));
  return [...pieces.map((piece) => filled(piece, '')), ...[...pieces, ...pairs].map((pattern) => filled(pattern, 'x'))];
};

/** `read` may throw: whatever is refused was read as well. */
export const expectLinear = async (texts: readonly OddText[], read: (text: string) => unknown): Promise<void> => {
  await warm(read);
  for (const characters of CHARACTERS) {
    await expectGrowth(ORDINARY, characters, read);
    const allowed = PASSES * (await perPass(characters)) + 2 * (await least(() => read(ORDINARY(characters))));
    for (const text of texts) {
      if ((await cpu(() => read(text(characters)))) > allowed) await expectGrowth(text, characters, read);
    }
  }
};

/** Twice, on different scales: memory, too, has sizes at which a text suddenly costs more. */
const expectGrowth = async (text: OddText, characters: number, read: (text: string) => unknown): Promise<void> => {
  let ratio = 0;
  for (const part of [characters / 4, characters / 2]) {
    ratio = await ratioOf(text, part, read);
    if (ratio <= RATIO_MAX) return;
  }
  expect(`${JSON.stringify(text(20))}…: ${ratio.toFixed(1)} times the CPU of as much in ${PARTS} parts`).toBe('linear');
};

/** The least of several tries; none where it costs so little that it does not matter. No text is read twice: readers remember. */
const ratioOf = async (text: OddText, part: number, read: (text: string) => unknown): Promise<number> => {
  const free = PASSES * (await perPass(part * 2));
  let ratio = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES && ratio > RATIO_MAX; tries += 1) {
    const parts = Array.from({ length: PARTS }, (_, at) => text(part - tries * PARTS - at));
    const whole = text(part * PARTS - tries);
    const taken = await cpu(() => read(whole));
    ratio = taken <= free ? 0 : taken / Math.max(1, await cpu(() => readEach(parts, read)));
  }
  return ratio;
};

const readEach = async (texts: readonly string[], read: (text: string) => unknown): Promise<void> => {
  for (const text of texts) await attempt(() => read(text));
};

/** Nothing is compiled yet at first. */
const warm = async (read: (text: string) => unknown): Promise<void> => {
  for (let time = 0; time < 5; time += 1) await cpu(() => read(ORDINARY(1024)));
};

const least = async (work: () => unknown): Promise<number> => Math.min(await cpu(work), await cpu(work));

/** Microseconds of this process. */
const cpu = async (work: () => unknown): Promise<number> => {
  const before = process.cpuUsage();
  await attempt(work);
  const { user, system } = process.cpuUsage(before);
  return user + system;
};

const attempt = async (work: () => unknown): Promise<void> => {
  try {
    await work();
  } catch {}
};

const perPass = async (characters: number): Promise<number> => {
  const text = ORDINARY(characters);
  return (await least(() => pass(text, PASSES))) / PASSES;
};

const pass = (text: string, times: number): number => {
  let sum = 0;
  for (let time = 0; time < times; time += 1) for (let at = 0; at < text.length; at += 1) sum = (sum + text.charCodeAt(at)) % 65_521;
  return sum;
};
