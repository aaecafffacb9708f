// The vault of a connector group: users' credentials for applications, sealed by whoever enters them (browser, CLI) so that only the group's
// connectors can open them. A compact JWE (ECDH-ES on P-256, A256GCM); the public key stands in the tenant file as text.
import { createHash, createPublicKey } from 'node:crypto';

/** What is sealed. It says whose and for what it is, so that it cannot be passed off as another's or for another application. */
export interface SealedCredentials {
  readonly application: string;
  /** `ownerOf` the user; null where all users of the application share them. */
  readonly owner: string | null;
  readonly username: string;
  readonly password: string;
}

export interface VaultKey {
  /** Which key it is: the digest of the text. In the JWE's header as `kid`. */
  readonly id: string;
  readonly jwk: { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };
}

/** Each of the name and the password. */
export const CREDENTIAL_MAX_CHARACTERS = 256;
/** Of the JWE: the longest credentials, in UTF-8 and JSON, and room. */
export const SEALED_MAX_CHARACTERS = 8 * 1024;

const COORDINATE_BYTES = 32;
const UNCOMPRESSED = 4;

/** The key that the text, an uncompressed point in base64url, stands for; undefined where it is none. */
export const readVaultKey = (text: string): VaultKey | undefined => {
  const point = Buffer.from(text, 'base64url');
  if (point.toString('base64url') !== text || point.length !== 1 + 2 * COORDINATE_BYTES || point[0] !== UNCOMPRESSED) return undefined;
  const [x, y] = [point.subarray(1, 1 + COORDINATE_BYTES), point.subarray(1 + COORDINATE_BYTES)];
  const jwk = { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') } as const;
  try {
    // A point that is not on the curve would give a part of the private key away.
    createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    return undefined;
  }
  return { id: createHash('sha256').update(text).digest('base64url'), jwk };
};

export const vaultKeyText = ({ x, y }: { readonly x: string; readonly y: string }): string =>
  Buffer.concat([Buffer.of(UNCOMPRESSED), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]).toString('base64url');

/** A provider's subject says who it is only together with the provider. */
export const ownerOf = ({ issuer, subject }: { readonly issuer: string; readonly subject: string }): string =>
  createHash('sha256')
    .update(JSON.stringify([issuer, subject]))
    .digest('base64url');

/** Which key a JWE was sealed to; null where it is none of ours. What it holds is known to nobody but the connectors. */
export const sealedTo = (sealed: string): string | null => {
  if (sealed.length > SEALED_MAX_CHARACTERS || !/^[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/.test(sealed)) return null;
  try {
    const { alg, enc, kid } = JSON.parse(Buffer.from(sealed.slice(0, sealed.indexOf('.')), 'base64url').toString());
    return alg === 'ECDH-ES' && enc === 'A256GCM' && typeof kid === 'string' ? kid : null;
  } catch {
    return null;
  }
};
