// The provider's tokens as the sessions table keeps them: AES-256-GCM, bound to the session and what it is there for, so that neither
// who reads the table has a token, nor who writes to it can give one session another's.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

export const sealToken = (token: string, key: Uint8Array, boundTo: string): string => {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(boundTo));
  return Buffer.concat([iv, cipher.update(token, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url');
};

/** What a session's access token is bound to; its refresh token is to its id alone. */
export const accessTokenOf = (session: string): string => `access ${session}`;

/** Throws when it was sealed with another key, for another session, or was changed. */
export const openToken = (sealed: string, key: Uint8Array, boundTo: string): string => {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(boundTo))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
};
