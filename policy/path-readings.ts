// How the servers that we know of may read one path: whatever comes of what they do to it, in any order. Nothing is forwarded so: a path is
// refused only where two readings of it lie in different applications, or one of them outside what is published (D10), or where there are
// more readings than anything needs that is meant to be read. Most paths have one, and cost one test.
import { SallyportError } from '../protocol/errors.ts';
import { DECODINGS, OPERATIONS } from './path-operations.ts';

/** More layers of encoding than this nobody takes off. */
const DECODING_ROUNDS = 4;
/** Odd paths of real applications have a dozen. */
const READINGS_MAX = 500;
/** In all readings together, so that a long path costs no more than many short ones. */
const CHARACTERS_MAX = 200_000;
/** Whatever holds none of these is read alike by everyone. */
const ODD = /[%;\\:?#\0-\x20\x80-\uffff]|\/\/|\/\.|\.(?:\/|$)/;

/** Every pass asks anew for the readings of the request that it decides on. */
let last: { readonly path: string; readonly readings: ReadonlySet<string> } = { path: '/', readings: new Set('/') };

/** Lower case, slashes merged, ending in a slash whether the path does or not. Throws ERR_REQUEST_INVALID when there are too many. */
export const pathReadings = (path: string): ReadonlySet<string> => {
  if (!ODD.test(path)) return new Set([compared(path)]);
  if (last.path !== path) last = { path, readings: new Set([...allReadings(path)].map(compared)) };
  return last.readings;
};

const allReadings = (path: string): ReadonlySet<string> => {
  const found = new Set<string>();
  let characters = 0;
  let layer = new Set([path]);
  for (let round = 0; layer.size > 0; round += 1) {
    // What is added while this goes through the set is gone through as well.
    for (const text of layer) {
      found.add(text);
      characters += text.length;
      if (found.size > READINGS_MAX || characters > CHARACTERS_MAX) {
        throw new SallyportError('ERR_REQUEST_INVALID', 'The path could be read in more ways than any that is meant to be read.');
      }
      for (const read of OPERATIONS) addNew(layer, read(text));
    }
    const decoded = new Set<string>();
    const encoded = round < DECODING_ROUNDS ? [...layer].filter((text) => text.includes('%')) : [];
    for (const text of encoded) for (const decode of DECODINGS) addNew(decoded, decode(text));
    layer = decoded;
  }
  return found;

  function addNew(to: Set<string>, text: string): void {
    if (!found.has(text)) to.add(text);
  }
};

const compared = (path: string): string => `${path}/`.replaceAll(/\/{2,}/g, '/').toLowerCase();
