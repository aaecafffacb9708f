// Reads what a connector asks when it enrols, and checks the proof that both its keys are its own and meant for this code.
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import {
  CLOCK_TOLERANCE_MS,
  CONNECTOR_NAME,
  CONNECTOR_VERSION,
  ENROLMENT_SECRET,
  type EnrolmentProof,
  type PublicKey,
} from '../../protocol/enrolment.ts';
import { SallyportError } from '../../protocol/errors.ts';
import { digest } from '../keys.ts';

export interface Enrolment {
  /** SHA-256 of the code's secret: how the registry knows it. */
  readonly codeId: string;
  readonly name: string;
  readonly version: string;
  readonly signingKey: PublicKey;
  readonly sealingKey: PublicKey;
  readonly proof: string;
}

const COORDINATE = /^[\w-]{43}$/;
const PROOF_MAX_CHARACTERS = 2048;

/** Throws ERR_REQUEST_INVALID, naming the field. */
export const readEnrolment = (value: unknown): Enrolment => {
  if (!isMap(value)) throw invalid('the body', 'a JSON object');
  const { code, name, version, signingKey, sealingKey, proof } = value;
  if (typeof code !== 'string' || !ENROLMENT_SECRET.test(code))
    throw invalid('code', 'what follows # in the enrolment code, 43 characters');
  if (typeof name !== 'string' || !CONNECTOR_NAME.test(name)) throw invalid('name', 'letters, digits, and . _ - between them, 63 at most');
  if (typeof version !== 'string' || !CONNECTOR_VERSION.test(version)) throw invalid('version', 'the connector’s release');
  if (typeof proof !== 'string' || proof.length > PROOF_MAX_CHARACTERS) throw invalid('proof', 'a compact JWS');
  return {
    codeId: digest(code),
    name,
    version,
    signingKey: readPublicKey('signingKey', signingKey),
    sealingKey: readPublicKey('sealingKey', sealingKey),
    proof,
  };
};

const readPublicKey = (field: string, value: unknown): PublicKey => {
  if (!isMap(value)) throw invalid(field, 'a public key as a JSON Web Key');
  const { kty, crv, x, y } = value;
  // A private key that was sent is no secret any more, so it is not to be used.
  if ('d' in value) throw invalid(field, 'a public key, not a private one: make new keys');
  if (kty !== 'EC' || crv !== 'P-256' || !isCoordinate(x) || !isCoordinate(y)) throw invalid(field, 'a public key of curve P-256');
  return { kty, crv, x, y };
};

const isCoordinate = (value: unknown): value is string => typeof value === 'string' && COORDINATE.test(value);

/** Throws ERR_ENROLMENT_INVALID (not genuine) or ERR_CONNECTOR_CLOCK (genuine, but the clock is off). */
export const checkProof = async ({ codeId, signingKey, sealingKey, proof }: Enrolment, now: number): Promise<void> => {
  const claims = await verified(proof, signingKey);
  await checkSealingKey(sealingKey);
  if (claims.code !== codeId) throw forged('it was made for another code');
  if (claims.sealingKey !== (await calculateJwkThumbprint(sealingKey, 'sha256'))) throw forged('it was made for another sealing key');
  if (!Number.isSafeInteger(claims.iat)) throw forged('it does not say when it was made');
  const offMs = claims.iat * 1000 - now;
  if (Math.abs(offMs) > CLOCK_TOLERANCE_MS) {
    const side = offMs > 0 ? 'ahead' : 'behind';
    const off =
      Math.abs(offMs) < 120_000 ? `${Math.round(Math.abs(offMs) / 1000)} seconds` : `${Math.round(Math.abs(offMs) / 60_000)} minutes`;
    throw new SallyportError(
      'ERR_CONNECTOR_CLOCK',
      `The connector’s clock is ${off} ${side} of the service’s: set it (NTP) and enrol again.`,
    );
  }
};

const verified = async (proof: string, signingKey: PublicKey): Promise<EnrolmentProof> => {
  try {
    const { payload } = await compactVerify(proof, await importJWK({ ...signingKey }, 'ES256'), { algorithms: ['ES256'] });
    const claims: unknown = JSON.parse(new TextDecoder().decode(payload));
    if (!isMap(claims)) throw new TypeError('The payload is no JSON object.');
    return claims as unknown as EnrolmentProof;
  } catch (error) {
    throw forged('it does not verify', error);
  }
};

/** A point off the curve is found when the key is imported; the first tunnel would be too late. */
const checkSealingKey = async (sealingKey: PublicKey): Promise<void> => {
  try {
    await importJWK({ ...sealingKey }, 'ECDH-ES');
  } catch (error) {
    throw forged('its sealing key is none', error);
  }
};

/** What was wrong is for the log: whoever asks learns only that it was refused. */
const forged = (why: string, cause?: unknown): SallyportError =>
  new SallyportError('ERR_ENROLMENT_INVALID', `A proof was refused: ${why}.`, { cause });

const invalid = (field: string, expected: string): SallyportError =>
  new SallyportError('ERR_REQUEST_INVALID', `Enrolment needs ${field}: ${expected}. Update the connector if it made this request.`);

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
