// An OpenID provider's word that a user's session there has ended (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6).
import { errors, jwtVerify } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';
import { issuerIn } from './issuer-in.ts';
import { CLOCK_TOLERANCE_S, keysUnreachable, type ProviderKeys, SIGNING_ALGORITHMS } from './provider-keys.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

export interface LogoutIssuer {
  readonly issuer: string;
  readonly clientId: string;
  readonly keys: ProviderKeys;
}

export interface LogoutTokensOptions {
  readonly issuers: readonly LogoutIssuer[];
  readonly now: () => number;
}

/** Whose sessions have ended: the one of `providerSession`, or where it is null all of the subject. */
export interface Logout {
  readonly issuer: string;
  readonly subject: string | null;
  readonly providerSession: string | null;
}

export interface LogoutTokens {
  /** Throws ERR_TOKEN_INVALID, ERR_IDENTITY_PROVIDER_UNREACHABLE. A token that comes twice does no harm: its sessions have ended. */
  verify(token: string): Promise<Logout>;
}

export const createLogoutTokens = ({ issuers, now }: LogoutTokensOptions): LogoutTokens => ({
  verify: async (token) => {
    const named = issuerIn(token);
    const found = issuers.find(({ issuer }) => issuer === named);
    if (found === undefined) throw invalid('its issuer is none of the tenant’s identity providers');
    const { issuer, clientId, keys } = found;
    const options = {
      issuer,
      audience: clientId,
      algorithms: SIGNING_ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(now()),
      requiredClaims: ['iat', 'exp', 'jti', 'events'],
    };
    try {
      const { payload, protectedHeader } = await jwtVerify(token, await keys(), options);
      if (!/^(?:(?:application\/)?logout\+)?jwt$/i.test(protectedHeader.typ ?? 'JWT')) throw invalid('its type is another');
      if (typeof payload.events !== 'object' || payload.events === null || !(EVENT in payload.events)) throw invalid('it tells no logout');
      // An ID token has one: it must never be taken for this (§2.6, step 6).
      if (payload.nonce !== undefined) throw invalid('it has a nonce');
      const subject = typeof payload.sub === 'string' ? payload.sub : null;
      const providerSession = typeof payload.sid === 'string' ? payload.sid : null;
      if (subject === null && providerSession === null) throw invalid('it names nobody');
      return { issuer, subject, providerSession };
    } catch (error) {
      if (error instanceof SallyportError) throw error;
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout))
        throw invalid('its signature or claims do not hold', error);
      throw keysUnreachable(issuer, error);
    }
  },
});

const invalid = (why: string, cause?: unknown): SallyportError =>
  new SallyportError('ERR_TOKEN_INVALID', `The logout token is refused: ${why}.`, { cause });
