// Text that compresses about as the text of applications does, the same each time.

/** A linear congruential generator (Numerical Recipes): chance enough for words. */
const numbers = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.floor((state / 2 ** 32) * below);
  };
};

export const prose = (bytes: number, seed = 1): Buffer => {
  const number = numbers(seed);
  const words = Array.from({ length: 400 }, () => number(2 ** 32).toString(36) + number(2 ** 16).toString(36));
  const text = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; ) at += text.write(`${words[number(words.length)]} `, at, 'latin1');
  return text;
};
