// The keys that sign assertions. They are derived from a secret of their own, one for each period, so that router and portal have the
// same ones without a word between them, and a key is gone from use after a period by itself.
import { createECDH, createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';
import { digest } from '../keys.ts';

export const KEY_PERIOD_MS = 30 * 24 * 60 * 60_000;
const SALT = 'sallyport.v1';
const CURVE = 'prime256v1';
/** The order of P-256 (SP 800-186 §3.2.1.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const SCALAR_BYTES = 32;
/** 128 bits more than the order has, so that no remainder is likelier than another (FIPS 186-5 A.2.1). */
const SEED_BYTES = 48;

/** RFC 7517, RFC 7518 §6.2.1. */
export interface PublicKey {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'ES256';
}

export interface SigningKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** The key that signs at this time. */
export const signingKey = (secret: string, now: number): SigningKey => {
  const { publicKey, d } = derive(secret, periodAt(now));
  const { kid, kty, crv, x, y } = publicKey;
  return { kid, key: createPrivateKey({ key: { kty, crv, x, y, d }, format: 'jwk' }) };
};

/** Of the period before, whose assertions may still be on their way; of this one; and of the next, so that verifiers know it in time. */
export const publishedKeys = (secret: string, now: number): readonly PublicKey[] =>
  [-1, 0, 1].map((step) => derive(secret, periodAt(now) + step).publicKey);

export const toPem = ({ kty, crv, x, y }: PublicKey): string =>
  createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();

export const periodAt = (now: number): number => Math.floor(now / KEY_PERIOD_MS);

const derive = (secret: string, period: number): { readonly publicKey: PublicKey; readonly d: string } => {
  const seed = Buffer.from(hkdfSync('sha256', secret, SALT, `assertion:${period}`, SEED_BYTES));
  const scalar = (BigInt(`0x${seed.toString('hex')}`) % (ORDER - 1n)) + 1n;
  const d = Buffer.from(scalar.toString(16).padStart(2 * SCALAR_BYTES, '0'), 'hex');
  const pair = createECDH(CURVE);
  pair.setPrivateKey(d);
  // Uncompressed: a byte that says so, x, y.
  const point = pair.getPublicKey();
  const x = point.subarray(1, 1 + SCALAR_BYTES).toString('base64url');
  const y = point.subarray(1 + SCALAR_BYTES).toString('base64url');
  // RFC 7638: the thumbprint is of exactly these, in this order.
  const kid = digest(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }));
  return { publicKey: { kty: 'EC', crv: 'P-256', x, y, kid, use: 'sig', alg: 'ES256' }, d: d.toString('base64url') };
};
