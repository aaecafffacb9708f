// Reads the head of an origin's answer off a connection before the HTTP client does. Interim answers are left out: some origins send
// `100 Continue` unasked, every client must be able to read it (RFC 9110 §15.2.1), and undici takes it for a broken answer.
import { SallyportError } from '../protocol/errors.ts';
import { readHead } from './answer-head.ts';

/** The head of an answer may be this large; the ingress carries less. */
export const HEAD_MAX_BYTES = 32 * 1024;
/** Before one answer. A `102 Processing` every few seconds, for as long as an application may take, is less. */
export const INTERIM_MAX = 256;
export const INTERIM_MAX_BYTES = 64 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const BEGINNING = 'HTTP/';
const SWITCHING_PROTOCOLS = 101;

export class HeadReader {
  /** Whether the answer may change the protocol. */
  readonly #upgrade: boolean;
  #held = Buffer.alloc(0);
  #length = 0;
  /** Where in a line the last byte was: an empty line ends the head. */
  #place: 'within' | 'begin' | 'begin-cr' = 'within';
  #interim = 0;
  #interimBytes = 0;

  constructor({ upgrade }: { readonly upgrade: boolean }) {
    this.#upgrade = upgrade;
  }

  /** The answer from its head on, once that is whole; null before. Each byte is looked at once. Throws ERR_ORIGIN_INVALID. */
  push(chunk: Buffer): Buffer | null {
    for (let from = 0; ; ) {
      if (this.#length === 0) from = this.#skipBlank(chunk, from);
      const end = this.#endIn(chunk, from);
      this.#hold(chunk.subarray(from, end ?? chunk.length));
      if (end === null) return null;
      from = end;
      const head = this.#held.subarray(0, this.#length);
      const { status, mended } = readHead(head.toString('latin1'));
      if (status >= 200 || (status === SWITCHING_PROTOCOLS && this.#upgrade)) {
        return Buffer.concat([mended === null ? head : Buffer.from(mended, 'latin1'), chunk.subarray(from)]);
      }
      this.#leaveOut(status);
    }
  }

  /** Some origins end a body with an empty line too many. */
  #skipBlank(chunk: Buffer, from: number): number {
    let at = from;
    while (chunk[at] === CR || chunk[at] === LF) at += 1;
    this.#countInterim(at - from);
    return at;
  }

  /** Behind the empty line that ends the head; null where it is yet to come. */
  #endIn(chunk: Buffer, from: number): number | null {
    for (let at = from; at < chunk.length; ) {
      if (this.#place === 'within') {
        const lineEnd = chunk.indexOf(LF, at);
        if (lineEnd < 0) return null;
        at = lineEnd + 1;
        this.#place = 'begin';
        continue;
      }
      const byte = chunk[at];
      at += 1;
      if (byte === LF) return at;
      this.#place = byte === CR && this.#place === 'begin' ? 'begin-cr' : 'within';
    }
    return null;
  }

  #hold(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > HEAD_MAX_BYTES) throw invalid(`its head is larger than ${HEAD_MAX_BYTES} bytes`);
    if (length > this.#held.length) {
      const larger = Buffer.alloc(2 * length);
      this.#held.copy(larger, 0, 0, this.#length);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#length);
    this.#length = length;
    // What is no HTTP is not awaited to its end.
    const beginning = this.#held.toString('latin1', 0, Math.min(length, BEGINNING.length));
    if (!BEGINNING.startsWith(beginning.toUpperCase())) throw invalid(`it begins with ${JSON.stringify(beginning)}, not with ${BEGINNING}`);
  }

  #leaveOut(status: number): void {
    if (status === SWITCHING_PROTOCOLS || status < 100) throw invalid(`its status is ${status}, which nobody asked for`);
    this.#interim += 1;
    if (this.#interim > INTERIM_MAX) throw invalid(`more than ${INTERIM_MAX} interim answers came before it`);
    this.#countInterim(this.#length);
    this.#length = 0;
    this.#place = 'within';
  }

  #countInterim(bytes: number): void {
    this.#interimBytes += bytes;
    if (this.#interimBytes > INTERIM_MAX_BYTES) throw invalid(`more than ${INTERIM_MAX_BYTES} bytes of interim answers came before it`);
  }
}

const invalid = (why: string): SallyportError => new SallyportError('ERR_ORIGIN_INVALID', `The answer cannot be read: ${why}.`);
