// Whom a token names as its issuer, before anything of it is believed: it says only whose keys must have signed it.
import { decodeJwt } from 'jose';

/** Null for what is no token, or names nobody. */
export const issuerIn = (token: string): string | null => {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === 'string' ? iss : null;
  } catch {
    return null;
  }
};
