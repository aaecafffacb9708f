// Reads which accounts a file of credentials is for: a keytab, or a credential cache that another program keeps fresh, as one does for a
// group managed service account. libkrb5 says "no credentials cache found" for every fault of either, so we look ourselves.

export interface Key {
  /** `name@REALM`, components separated by slashes. */
  readonly principal: string;
  readonly version: number;
  /** Number of the encryption type (RFC 3961 §8); 17 and 18 are AES. */
  readonly encryption: number;
}

export type CredentialsFile =
  | { readonly kind: 'keytab'; readonly keys: readonly Key[] }
  | { readonly kind: 'cache'; readonly principal: string };

/** First two bytes: MIT's keytab and cache formats, in the versions that are written today. */
const KEYTAB_VERSION = 0x0502;
const CACHE_VERSION = 0x0504;

/** Throws an Error that completes "<file>: …". */
export const readCredentialsFile = (bytes: Buffer): CredentialsFile => {
  const version = bytes.length >= 2 ? bytes.readUInt16BE(0) : 0;
  try {
    if (version === KEYTAB_VERSION) return { kind: 'keytab', keys: readKeytab(bytes) };
    if (version === CACHE_VERSION) return { kind: 'cache', principal: readCache(bytes) };
  } catch (error) {
    if (error instanceof RangeError) throw new Error('it is cut off');
    throw error;
  }
  throw new Error('it is neither a keytab nor a credential cache');
};

/** https://web.mit.edu/kerberos/krb5-latest/doc/formats/keytab_file_format.html */
const readKeytab = (bytes: Buffer): Key[] => {
  const keys: Key[] = [];
  for (let at = 2; at + 4 <= bytes.length; ) {
    const length = bytes.readInt32BE(at);
    at += 4;
    // A hole, where a key was removed.
    if (length > 0) keys.push(readKey(new Reader(bytes.subarray(at, at + length), length)));
    if (length === 0) break;
    at += Math.abs(length);
  }
  if (keys.length === 0) throw new Error('it holds no key');
  return keys;
};

const readKey = (entry: Reader): Key => {
  const components = entry.uint16();
  const realm = entry.text(entry.uint16());
  const name = Array.from({ length: components }, () => entry.text(entry.uint16())).join('/');
  entry.skip(8);
  const shortVersion = entry.uint8();
  const encryption = entry.uint16();
  entry.skip(entry.uint16());
  const version = entry.left >= 4 ? entry.uint32() : 0;
  return { principal: `${name}@${realm}`, version: version === 0 ? shortVersion : version, encryption };
};

/** https://web.mit.edu/kerberos/krb5-latest/doc/formats/ccache_file_format.html */
const readCache = (bytes: Buffer): string => {
  const file = new Reader(bytes, bytes.length);
  file.skip(2);
  file.skip(file.uint16());
  file.skip(4);
  const components = file.uint32();
  const realm = file.text(file.uint32());
  if (components > 8) throw new Error('it is no credential cache');
  return `${Array.from({ length: components }, () => file.text(file.uint32())).join('/')}@${realm}`;
};

/** Throws RangeError beyond the end. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer, length: number) {
    if (bytes.length < length) throw new RangeError('cut off');
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#forward(1));
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#forward(2));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#forward(4));
  }

  text(length: number): string {
    const from = this.#forward(length);
    return this.#bytes.toString('utf8', from, from + length);
  }

  skip(length: number): void {
    this.#forward(length);
  }

  #forward(length: number): number {
    if (length > this.left) throw new RangeError('cut off');
    this.#at += length;
    return this.#at - length;
  }
}
