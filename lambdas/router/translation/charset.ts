// Bytes to text and back without loss. Charsets in which ASCII is ASCII are read one byte for one character, so that nothing else of them
// is understood or changed; UTF-16 is decoded. What is neither passes untranslated.

export interface TextCodec {
  /** The text of the next bytes; half a character waits for its other half. */
  decode(bytes: Buffer): string;
  /** What waits when there is no more. */
  rest(): Buffer;
  encode(text: string): Buffer;
  /** Where the bytes of the character at this place of the text begin. */
  offset(place: number): number;
}

/** As many bytes tell what a text is in, where its header does not: `<?` in UTF-16. */
const START_BYTES = 4;

/** The same parts, of which the first is long enough for `codecOf` if all of them are. */
export async function* fromStart(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let start: Buffer | null = Buffer.alloc(0);
  for await (const part of parts) {
    if (start === null) {
      yield part;
      continue;
    }
    start = Buffer.concat([start, part]);
    if (start.length < START_BYTES) continue;
    yield start;
    start = null;
  }
  if (start !== null && start.length > 0) yield start;
}

const BYTEWISE: TextCodec = {
  decode: (bytes) => bytes.toString('latin1'),
  rest: () => Buffer.alloc(0),
  encode: (text) => Buffer.from(text, 'latin1'),
  offset: (place) => place,
};

/** Null for a charset in which other bytes than ASCII's may mean `<`, or the same bytes something else. */
export const codecOf = (charset: string | null, start: Buffer): TextCodec | null => {
  // A byte order mark is believed before the header (Encoding §6).
  if (start[0] === 0xff && start[1] === 0xfe) return createUtf16(false);
  if (start[0] === 0xfe && start[1] === 0xff) return createUtf16(true);
  if (start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf) return BYTEWISE;
  // A charset that nobody knows is as good as none (HTML §13.2.3.2).
  const named = charset === null ? null : encodingOf(charset);
  const encoding = named ?? declaredIn(start);
  if (encoding === 'utf-16le') return createUtf16(false);
  if (encoding === 'utf-16be') return createUtf16(true);
  return isBytewise(encoding) ? BYTEWISE : null;
};

/** An XML declaration shows that it is in UTF-16 (HTML §13.2.3.2); all else says what it is in ASCII's bytes. */
const declaredIn = (start: Buffer): string => {
  if (start.length >= START_BYTES && start.readUInt32BE() === 0x3c003f00) return 'utf-16le';
  return start.length >= START_BYTES && start.readUInt32BE() === 0x003c003f ? 'utf-16be' : 'utf-8';
};

/** Whether a page that is read byte by byte may say that it is in this charset. One that says UTF-16 there is not (HTML §13.2.3.2). */
export const isReadable = (charset: string): boolean => {
  const encoding = encodingOf(charset);
  return encoding === null || encoding.startsWith('utf-16') || isBytewise(encoding);
};

const encodingOf = (charset: string): string | null => {
  try {
    return new TextDecoder(charset).encoding;
  } catch {
    return null;
  }
};

/** ISO 2022 switches to charsets in which ASCII's bytes are parts of other characters. */
const isBytewise = (encoding: string): boolean => !/^(?:utf-16|iso-2022|hz-|replacement)/.test(encoding);

/** JavaScript's own strings: every pair of bytes is kept, whether it makes sense or not. */
const createUtf16 = (bigEndian: boolean): TextCodec => {
  let odd = Buffer.alloc(0);
  const swapped = (bytes: Buffer): Buffer => (bigEndian ? Buffer.from(bytes).swap16() : bytes);
  return {
    decode: (bytes) => {
      const all = odd.length === 0 ? bytes : Buffer.concat([odd, bytes]);
      const even = all.length - (all.length % 2);
      odd = Buffer.from(all.subarray(even));
      return swapped(all.subarray(0, even)).toString('utf16le');
    },
    rest: () => odd,
    encode: (text) => swapped(Buffer.from(text, 'utf16le')),
    offset: (place) => 2 * place,
  };
};
