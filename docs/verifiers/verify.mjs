// Checks a Sallyport assertion in Node: npm install jose
import { createRemoteJWKSet, jwtVerify } from 'jose';

const { KEYS_URL, ISSUER, AUDIENCE } = process.env;
/** Fetched when they are needed, and again when a new one signs. */
const keys = createRemoteJWKSet(new URL(KEYS_URL));

/** The claims. Throws when the token is not for this application, not signed by the portal's keys, or not of now. */
export const verify = async (token) => {
  const { payload } = await jwtVerify(token, keys, {
    algorithms: ['ES256'],
    issuer: ISSUER,
    audience: AUDIENCE,
    requiredClaims: ['exp', 'sub'],
    clockTolerance: 30,
  });
  return payload;
};
