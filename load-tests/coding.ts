// `npm run bench:coding`: what compressing a frame's payload costs and saves, by coding and by how much goes into a frame, beside what
// carrying the same bytes as they are costs the connector (base64 and seal; SigV4 and the post come on top).
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, constants, deflateSync, inflateSync } from 'node:zlib';
import { encode } from '../protocol/codec.ts';
import { METERED_BYTES, PAYLOAD_MAX_BYTES } from '../protocol/limits.ts';

const KILOBYTE = 1024;
const MEGABYTE = 1024 * KILOBYTE;
const BLOCKS = [32, 64, 128, 256, 512];
const ROUNDS = 5;
const BLOCKS_MAX = 8;

const read = (path: string): Buffer => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)));
const texts: Readonly<Record<string, Buffer>> = {
  JSON: Buffer.concat([read('package-lock.json'), read('load-tests/artillery/package-lock.json')]),
  JavaScript: read('node_modules/playwright-core/lib/coreBundle.js'),
  prose: read('node_modules/aws-cdk-lib/aws-ec2/README.md'),
};

const brotli = (quality: number) => (bytes: Buffer) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_LGWIN]: 19 } });
const codings: Readonly<Record<string, readonly [(bytes: Buffer) => Buffer, (bytes: Buffer) => Buffer]>> = {
  'deflate 1': [(bytes) => deflateSync(bytes, { level: 1 }), inflateSync],
  'deflate 6': [(bytes) => deflateSync(bytes, { level: 6 }), inflateSync],
  'brotli 1': [brotli(1), brotliDecompressSync],
  'brotli 4': [brotli(4), brotliDecompressSync],
};

/** The least of some rounds, so that a busy moment of the machine does not count; milliseconds for a megabyte. */
const cost = (megabytes: number, act: () => void): string => {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = process.hrtime.bigint();
    act();
    return Number(process.hrtime.bigint() - start) / 1e6;
  });
  return (Math.min(...rounds) / megabytes).toFixed(1);
};

const messages = (bytes: number): number => Math.ceil((bytes * 4) / 3 / METERED_BYTES);

const key = randomBytes(32);
const payload = randomBytes(PAYLOAD_MAX_BYTES);
const plain = () => encode({ type: 'body', exchange: 'exchange-1', n: 1, end: false }, key, payload);
console.log(`As they are: ${cost(PAYLOAD_MAX_BYTES / MEGABYTE, plain)} ms/MB.\n`);
console.log('text        in a frame  coding     ratio  compress  decompress  messages for 10 MB');
for (const [name, text] of Object.entries(texts)) {
  for (const block of BLOCKS) {
    const size = block * KILOBYTE;
    const parts = Array.from({ length: Math.min(BLOCKS_MAX, Math.floor(text.length / size)) }, (_, at) =>
      text.subarray(at * size, (at + 1) * size),
    );
    if (parts.length === 0) continue;
    const megabytes = (parts.length * size) / MEGABYTE;
    for (const [coding, [compress, decompress]] of Object.entries(codings)) {
      const packed = parts.map(compress);
      const bytes = packed.reduce((sum, { length }) => sum + length, 0);
      const billed = Math.round((packed.reduce((sum, { length }) => sum + messages(length), 0) / megabytes) * 10);
      const columns = [
        name.padEnd(12),
        `${block} KB`.padEnd(12),
        coding.padEnd(11),
        ((parts.length * size) / bytes).toFixed(1).padEnd(7),
        cost(megabytes, () => parts.map(compress)).padEnd(10),
        cost(megabytes, () => packed.map(decompress)).padEnd(12),
        billed,
      ];
      console.log(columns.join(''));
    }
  }
}
