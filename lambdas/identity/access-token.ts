// Access tokens of the tenant's identity provider (RFC 9068, RFC 6750): signature, issuer, audience, times. What is not plainly good
// is refused; the algorithm is the key's, never the token's own choice.
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';

/** Signatures by key pairs alone: with a shared secret, whoever can check a token can make one (peers' algorithm confusions). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_TOLERANCE_S = 60;
const METADATA_LIFETIME_MS = 60 * 60_000;
const REQUEST_TIMEOUT_MS = 5_000;

export interface AccessTokensOptions {
  /** Exactly as tokens carry it. */
  readonly issuer: string;
  readonly now: () => number;
  readonly fetch?: typeof fetch;
}

export interface AccessTokens {
  /** The claims of a good token. Throws ERR_TOKEN_INVALID, ERR_IDENTITY_PROVIDER_UNREACHABLE. */
  verify(token: string, audience: string): Promise<JWTPayload>;
}

export const createAccessTokens = ({ issuer, now, fetch: get = fetch }: AccessTokensOptions): AccessTokens => {
  let known: { readonly keys: JWTVerifyGetKey; readonly at: number } | null = null;

  /** jose keeps the keys, and asks again, not too often, when a token names one that it does not know. */
  const keys = async (): Promise<JWTVerifyGetKey> => {
    if (known !== null && now() - known.at < METADATA_LIFETIME_MS) return known.keys;
    try {
      const uri = await keysUri(issuer, get);
      known = { keys: createRemoteJWKSet(uri, { timeoutDuration: REQUEST_TIMEOUT_MS }), at: now() };
    } catch (cause) {
      // Old keys are better than none while the provider is away.
      if (known === null) throw unreachable(issuer, cause);
    }
    return known.keys;
  };

  return {
    verify: async (token, audience) => {
      const options = {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(now()),
        requiredClaims: ['sub', 'exp', 'iat'],
      };
      try {
        const { payload, protectedHeader } = await jwtVerify(token, await keys(), options);
        if (!/^(?:(?:application\/)?at\+)?jwt$/i.test(protectedHeader.typ ?? 'JWT')) throw invalid('its type is none of an access token');
        // An ID token says who signed in, not what a program may do: it has a nonce and no scope (RFC 9068 §5).
        if (scopesOf(payload).length === 0) throw invalid('it has no scope, so it is no access token for this application');
        return payload;
      } catch (error) {
        throw asRefusal(error, issuer);
      }
    },
  };
};

/** `scope` (RFC 9068 §2.2.3), or as Entra ID has it: `scp` for users' tokens, `roles` for programs'. */
export const scopesOf = ({ scope, scp, roles }: JWTPayload): string[] =>
  [scope, scp, roles]
    .flatMap((value) => (typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : []))
    .filter(isFilled);

const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== '';

const keysUri = async (issuer: string, get: typeof fetch): Promise<URL> => {
  const response = await get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    redirect: 'error',
  });
  if (!response.ok) throw new Error(`the provider answered ${response.status}`);
  const metadata = (await response.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
  // OpenID Connect Discovery §4.3: metadata of another issuer is not this one's.
  if (metadata.issuer !== issuer || typeof metadata.jwks_uri !== 'string')
    throw new Error('the provider’s metadata is that of another issuer');
  return new URL(metadata.jwks_uri);
};

const asRefusal = (error: unknown, issuer: string): SallyportError => {
  if (error instanceof SallyportError) return error;
  if (error instanceof errors.JWTExpired) return invalid('it has expired', error);
  if (error instanceof errors.JWTClaimValidationFailed) return invalid(`its claim ${error.claim} is not the expected one`, error);
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) return unreachable(issuer, error);
  return invalid('its signature or form does not hold', error);
};

const invalid = (why: string, cause?: unknown): SallyportError =>
  new SallyportError('ERR_TOKEN_INVALID', `The token is refused: ${why}.`, { cause });

const unreachable = (issuer: string, cause: unknown): SallyportError =>
  new SallyportError('ERR_IDENTITY_PROVIDER_UNREACHABLE', `The keys of ${issuer} cannot be had.`, { cause });
