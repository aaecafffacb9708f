// Certificates of others in a tenant file: PEM, with RSA keys that are strong enough.
import { X509Certificate } from 'node:crypto';

/** Weaker RSA keys can be had for money. */
export const RSA_MIN_BITS = 2048;

/** The certificate in PEM, without what stands around it. */
export const readCertificate = (value: unknown): string | undefined => parse(value)?.toString();

/** Their public keys (SubjectPublicKeyInfo in Base64): all that a signature is checked with, and a third of their size. */
export const readCertificates = (value: unknown): readonly string[] | undefined => {
  const keys = Array.isArray(value) && value.length > 0 ? value.map(readPublicKey) : [undefined];
  return keys.every((key) => key !== undefined) ? [...new Set(keys)] : undefined;
};

const readPublicKey = (value: unknown): string | undefined =>
  parse(value)?.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');

const parse = (value: unknown): X509Certificate | undefined => {
  try {
    const certificate = new X509Certificate(String(value));
    const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
    return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= RSA_MIN_BITS ? certificate : undefined;
  } catch {
    return undefined;
  }
};
