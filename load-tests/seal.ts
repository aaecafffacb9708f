// `npm run bench:seal`: what it costs to check that a small frame is genuine, by HMAC and by the two signatures that were the alternatives.
import { createHmac, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';

const FRAME = Buffer.from(randomBytes(350).toString('hex'));
const ROUNDS = 5;
const REPEATS = 3000;

const key = randomBytes(32);
const ed25519 = generateKeyPairSync('ed25519');
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519Signature = sign(null, FRAME, ed25519.privateKey);
const p256Signature = sign('sha256', FRAME, p256.privateKey);

const candidates: Readonly<Record<string, () => unknown>> = {
  'HMAC-SHA-256': () => createHmac('sha256', key).update(FRAME).digest(),
  'ES256 verify': () => verify('sha256', FRAME, p256.publicKey, p256Signature),
  'Ed25519 verify': () => verify(null, FRAME, ed25519.publicKey, ed25519Signature),
};

const microseconds = (act: () => unknown): number => {
  const start = process.hrtime.bigint();
  for (let i = 0; i < REPEATS; i += 1) act();
  return Number(process.hrtime.bigint() - start) / REPEATS / 1000;
};

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

// Interleaved rounds, so that a busy moment of the machine hits all alike.
const rounds = Array.from({ length: ROUNDS }, () => Object.values(candidates).map(microseconds));
const medians = Object.keys(candidates).map((_, column) => median(rounds.map((round) => round[column]!)));

for (const [index, name] of Object.keys(candidates).entries()) {
  console.log(`${name.padEnd(16)} ${medians[index]!.toFixed(1).padStart(7)} µs   ${(medians[index]! / medians[0]!).toFixed(1)} ×`);
}
