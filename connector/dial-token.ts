// The token with which a connector dials: signed by its own key, good for one minute, for the Tunnel API alone (DESIGN.md D7).
import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT } from 'jose';
import type { Identity } from './identity.ts';

export const DIAL_TOKEN_LIFETIME_S = 60;

/** `now`: milliseconds since the epoch, by this machine's clock. */
export const createDialToken = async (
  { connector, tenant, signingKey }: Pick<Identity, 'connector' | 'tenant' | 'signingKey'>,
  now: number,
): Promise<string> => {
  const issuedAt = Math.floor(now / 1000);
  return new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: connector })
    .setIssuer(connector)
    .setSubject(connector)
    .setAudience(`sallyport:${tenant}:tunnel`)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + DIAL_TOKEN_LIFETIME_S)
    .setJti(randomUUID())
    .sign(await importJWK(signingKey, 'ES256'));
};
