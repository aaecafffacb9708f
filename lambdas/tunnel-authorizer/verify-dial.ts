// Whether a dialling connector is who it says: a short-lived JWT, signed by the key that it enrolled with (RFC 7519, RFC 8725).
import { decodeProtectedHeader, errors, importJWK, type JWTPayload, jwtVerify } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';
import type { Connector, Dial, Registry } from '../stores/records.ts';

const ALGORITHM = 'ES256';
const CLOCK_TOLERANCE_S = 60;
/** A connector makes them for 60 s; one that lives longer was not made for one dial. */
const LIFETIME_MAX_S = 120;
const TOKEN_MAX_CHARACTERS = 4096;
const CONNECTOR_ID = /^[\w-]{2,64}$/;
/** Of chance, so that two dials never have the same; the connector makes a UUID. */
const TOKEN_ID = /^[\w-]{20,64}$/;

export interface DialPorts {
  readonly registry: Pick<Registry, 'findConnector'>;
  /** `sallyport:<tenant>:tunnel` */
  readonly audience: string;
  readonly now: () => number;
}

export interface VerifiedDial {
  readonly connector: Connector;
  /** For the one use of the token. */
  readonly dial: Dial;
}

/**
 * The connector that signed the token. Whether it was used before is not looked at here. Throws ERR_SIGN_IN_REQUIRED (missing, unreadable or not genuine), ERR_CONNECTOR_UNKNOWN
 * (not enrolled, or removed), ERR_CONNECTOR_CLOCK (genuine, only its time is wrong).
 */
export const verifyDial = async (authorization: string | undefined, { registry, audience, now }: DialPorts): Promise<VerifiedDial> => {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined || token.length > TOKEN_MAX_CHARACTERS) throw refused('a bearer token in Authorization was expected');

  const id = readKeyId(token);
  const connector = await registry.findConnector(id);
  if (connector === null) throw new SallyportError('ERR_CONNECTOR_UNKNOWN', `No connector ${id} is enrolled here.`);

  const key = await importJWK(connector.signingKey, ALGORITHM);
  const payload = await verify(token, key, { id, audience, now: now() });
  const { exp = 0, iat = 0, jti = '' } = payload;
  if (exp - iat > LIFETIME_MAX_S || exp <= iat) throw refused(`a lifetime of at most ${LIFETIME_MAX_S} s was expected, not ${exp - iat} s`);
  if (!TOKEN_ID.test(jti)) throw refused('`jti` must be 20 to 64 letters and digits of chance');
  return { connector, dial: { connector: id, id: jti, expiresAt: (exp + CLOCK_TOLERANCE_S) * 1000 } };
};

const readKeyId = (token: string): string => {
  let kid: unknown;
  try {
    kid = decodeProtectedHeader(token).kid;
  } catch (error) {
    throw refused('its header cannot be read', error);
  }
  if (typeof kid !== 'string' || !CONNECTOR_ID.test(kid)) throw refused('`kid` must be a connector’s id');
  return kid;
};

const verify = async (
  token: string,
  key: Awaited<ReturnType<typeof importJWK>>,
  { id, audience, now }: { readonly id: string; readonly audience: string; readonly now: number },
): Promise<JWTPayload> => {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      issuer: id,
      subject: id,
      audience,
      requiredClaims: ['iat', 'exp', 'jti'],
      clockTolerance: CLOCK_TOLERANCE_S,
      maxTokenAge: LIFETIME_MAX_S,
      currentDate: new Date(now),
    });
    return payload;
  } catch (error) {
    // jose looks at the times last: whatever is about them comes from a token that is genuine otherwise.
    const { iat } = error instanceof errors.JWTExpired || isAboutIat(error) ? error.payload : {};
    if (iat === undefined) throw refused('it does not verify', error);
    const minutes = Math.round((iat * 1000 - now) / 60_000);
    throw new SallyportError('ERR_CONNECTOR_CLOCK', `The clock of connector ${id} is ${minutes} minutes off: set it by NTP.`, {
      cause: error,
    });
  }
};

const isAboutIat = (error: unknown): error is errors.JWTClaimValidationFailed =>
  error instanceof errors.JWTClaimValidationFailed && error.claim === 'iat' && error.reason === 'check_failed';

const refused = (why: string, cause?: unknown): SallyportError =>
  new SallyportError('ERR_SIGN_IN_REQUIRED', `A dial was refused: ${why}.`, { cause });
