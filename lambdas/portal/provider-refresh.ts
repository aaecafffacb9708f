// Asks the provider with a refresh token who the user is now (OpenID Connect Core §12). It says that the session must end, or that it goes
// on; a provider that cannot be asked says neither.
import * as oidc from 'openid-client';
import { SallyportError } from '../../protocol/errors.ts';
import type { Log } from '../../protocol/log.ts';
import { lacksAny } from '../identity/claim-names.ts';
import type { ProviderProfile } from '../identity/provider-profile.ts';
import type { User } from '../stores/records.ts';
import { type GraphOptions, withGroups } from './graph-groups.ts';
import type { AccessToken, Claims, IdentityProvider } from './ports.ts';
import type { ProviderConfiguration } from './provider-configuration.ts';
import { isSecretRefused, providerError } from './provider-error.ts';

export interface RefreshOptions extends GraphOptions {
  readonly profile: Pick<ProviderProfile, 'issuer' | 'claims'>;
  readonly now: () => number;
}

/** What a token is taken to last of which the provider does not say it (RFC 6749 §5.1 only recommends that). */
const LIFETIME_UNSAID_S = 300;

/** RFC 6749 §5.2: refusals of ourselves and not of the user. */
const OURS = new Set(['invalid_request', 'unauthorized_client', 'unsupported_grant_type', 'invalid_scope']);
export const BUSY: ReadonlySet<string> = new Set(['temporarily_unavailable', 'server_error', 'slow_down']);

export const createRefresh = (configuration: ProviderConfiguration, options: RefreshOptions): NonNullable<IdentityProvider['refresh']> => {
  const { profile, log } = options;
  const grant = async (refreshToken: string) => {
    const config = await configuration.get();
    return { config, tokens: await oidc.refreshTokenGrant(config, refreshToken) };
  };

  return async (refreshToken, user, keep) => {
    try {
      const { config, tokens } = await grant(refreshToken).catch(async (error: unknown) => {
        if (!isSecretRefused(error) || !(await configuration.renewSecret())) throw error;
        return grant(refreshToken);
      });
      // Before anything else can fail: the provider may take the old one for stolen from now on (rotation).
      if (tokens.refresh_token !== undefined && tokens.refresh_token !== refreshToken) await keep(tokens.refresh_token);

      const access = accessTokenIn(tokens, options.now);
      const claims = tokens.claims();
      if (claims !== undefined && (claims.iss !== user.issuer || claims.sub !== user.subject)) throw ofAnother();
      if (claims !== undefined && !lacksAny(claims, profile.claims)) return { claims, access };
      if (config.serverMetadata().userinfo_endpoint === undefined) return { claims: claims ?? null, access };
      const further = await userInfo(config, tokens.access_token, user, log);
      const all = further && { ...further, iss: user.issuer, sub: user.subject, ...claims };
      return { claims: all && (await withGroups(all, config, tokens.access_token, options)), access };
    } catch (error) {
      throw refreshError(error, profile.issuer);
    }
  };
};

export const accessTokenIn = (
  { access_token, expires_in = LIFETIME_UNSAID_S }: { readonly access_token: string; readonly expires_in?: number },
  now: () => number,
): AccessToken => ({ token: access_token, goodUntil: now() + expires_in * 1000 });

/** Null when it cannot be had: what was known before is then better than less. */
const userInfo = async (
  config: oidc.Configuration,
  accessToken: string,
  { subject }: Pick<User, 'subject'>,
  log: Log,
): Promise<Claims | null> => {
  try {
    return await oidc.fetchUserInfo(config, accessToken, subject);
  } catch (error) {
    if (error instanceof oidc.ClientError && error.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED') throw ofAnother(error);
    log.warn('session.refresh-no-userinfo', { error });
    return null;
  }
};

const ofAnother = (cause?: unknown): SallyportError =>
  new SallyportError('ERR_IDENTITY_REFUSED', 'The sign-in service answered for another user than the session is of.', { cause });

const refreshError = (error: unknown, issuer: string): SallyportError => {
  if (!(error instanceof oidc.ResponseBodyError) || isSecretRefused(error)) return providerError(error, issuer);
  if (BUSY.has(error.error))
    return new SallyportError('ERR_IDENTITY_PROVIDER_UNREACHABLE', `The identity provider ${issuer} is out of order.`, { cause: error });
  if (OURS.has(error.error)) {
    const message = `The identity provider takes no refresh token from us (${error.error}): allow it there, or set sessions.refresh to false.`;
    return new SallyportError('ERR_INTERNAL', message, { cause: error });
  }
  return new SallyportError('ERR_IDENTITY_REFUSED', 'The sign-in service says that the user’s sign-in is over.', { cause: error });
};
