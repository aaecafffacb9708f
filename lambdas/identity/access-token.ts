// Access tokens of the tenant's identity providers (RFC 9068, RFC 6750): signature, issuer, audience, times. What is not plainly good
// is refused; the algorithm is the key's, never the token's own choice, and the keys are those of the issuer that it names.
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';
import { issuerIn } from './issuer-in.ts';
import { CLOCK_TOLERANCE_S, keysUnreachable, type ProviderKeys, SIGNING_ALGORITHMS } from './provider-keys.ts';
import type { ProviderProfile } from './provider-profile.ts';

export interface TokenIssuer {
  readonly profile: ProviderProfile;
  readonly keys: ProviderKeys;
}

export interface AccessTokensOptions {
  readonly issuers: readonly TokenIssuer[];
  readonly now: () => number;
}

export interface AccessTokens {
  /** The claims of a good token, and whose they are. Throws ERR_TOKEN_INVALID, ERR_IDENTITY_PROVIDER_UNREACHABLE. */
  verify(token: string, audience: string): Promise<{ readonly claims: JWTPayload; readonly provider: ProviderProfile }>;
}

export const createAccessTokens = ({ issuers, now }: AccessTokensOptions): AccessTokens => {
  return {
    verify: async (token, audience) => {
      const named = issuerIn(token);
      const found = issuers.find(({ profile }) => profile.issuer === named);
      if (found === undefined) throw invalid('its issuer is none of the tenant’s identity providers');
      const { profile: provider, keys } = found;
      const { issuer } = provider;
      const options = {
        issuer,
        audience,
        algorithms: SIGNING_ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(now()),
        requiredClaims: ['sub', 'exp', 'iat'],
      };
      try {
        const { payload, protectedHeader } = await jwtVerify(token, await keys(), options);
        if (!/^(?:(?:application\/)?at\+)?jwt$/i.test(protectedHeader.typ ?? 'JWT')) throw invalid('its type is none of an access token');
        // An ID token says who signed in, not what a program may do: it has a nonce and no scope (RFC 9068 §5).
        if (scopesOf(payload).length === 0) throw invalid('it has no scope, so it is no access token for this application');
        return { claims: payload, provider };
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

const asRefusal = (error: unknown, issuer: string): SallyportError => {
  if (error instanceof SallyportError) return error;
  if (error instanceof errors.JWTExpired) return invalid('it has expired', error);
  if (error instanceof errors.JWTClaimValidationFailed) return invalid(`its claim ${error.claim} is not the expected one`, error);
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) return keysUnreachable(issuer, error);
  return invalid('its signature or form does not hold', error);
};

const invalid = (why: string, cause?: unknown): SallyportError =>
  new SallyportError('ERR_TOKEN_INVALID', `The token is refused: ${why}.`, { cause });
