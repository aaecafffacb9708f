// The tenant's OpenID provider, by openid-client: code flow with PKCE (OpenID Connect Core §3.1, RFC 7636), sign-out at the provider.
import * as oidc from 'openid-client';
import { SallyportError } from '../../protocol/errors.ts';
import type { Log } from '../../protocol/log.ts';
import type { ClaimNames } from '../identity/claim-names.ts';
import { digest } from '../keys.ts';
import type { IdentityProvider, SignedIn, SignInChecks } from './ports.ts';
import { type ConfigurationOptions, createProviderConfiguration } from './provider-configuration.ts';
import { isSecretRefused, providerError } from './provider-error.ts';

export interface ProviderOptions extends ConfigurationOptions {
  readonly scopes: string;
  readonly claimNames: ClaimNames;
  readonly portalUrl: string;
  readonly log: Log;
}

export const createProvider = (options: ProviderOptions): IdentityProvider => {
  const { portalUrl, scopes } = options;
  const redirectUri = `${portalUrl}/callback`;
  const configuration = createProviderConfiguration(options);

  const redeemOnce = async (callback: URLSearchParams, { state, nonce, verifier, maxAge }: SignInChecks): Promise<SignedIn> => {
    const config = await configuration.get();
    const url = new URL(`${redirectUri}?${callback}`);
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, ...(maxAge === undefined ? {} : { maxAge }) };
    const tokens = await oidc.authorizationCodeGrant(config, url, checks);
    const claims = tokens.claims();
    if (claims === undefined) throw new SallyportError('ERR_IDENTITY_REFUSED', 'The sign-in service sent no ID token.');
    const further = lacksAny(claims, options.claimNames) ? await userInfo(config, tokens.access_token, claims.sub, options.log) : {};
    return { claims: { ...further, ...claims }, idToken: tokens.id_token };
  };

  return {
    signInUrl: async ({ state, nonce, verifier }, further = {}) =>
      oidc.buildAuthorizationUrl(await configuration.get(), {
        redirect_uri: redirectUri,
        scope: scopes,
        state,
        nonce,
        code_challenge: digest(verifier),
        code_challenge_method: 'S256',
        ...further,
      }).href,

    redeem: async (callback, checks) => {
      try {
        return await redeemOnce(callback, checks).catch(async (error: unknown) => {
          // The administrator may have replaced the secret while this environment kept the old one.
          if (!isSecretRefused(error) || !(await configuration.renewSecret())) throw error;
          return redeemOnce(callback, checks);
        });
      } catch (error) {
        throw providerError(error, options.issuer);
      }
    },

    signOutUrl: async (idToken) => {
      const config = await configuration.get();
      if (config.serverMetadata().end_session_endpoint === undefined) return null;
      const back = { post_logout_redirect_uri: `${portalUrl}/signed-out` };
      return oidc.buildEndSessionUrl(config, idToken === undefined ? back : { ...back, id_token_hint: idToken }).href;
    },
  };
};

const lacksAny = (claims: Readonly<Record<string, unknown>>, { username, name, email, groups, further }: ClaimNames): boolean =>
  [username, name, email, groups, ...further].some((claim) => claims[claim] === undefined);

/** Providers that keep ID tokens small tell the rest here. Failing that, the ID token has to do: less is known, less is allowed. */
const userInfo = async (config: oidc.Configuration, accessToken: string, subject: string, log: Log): Promise<Record<string, unknown>> => {
  if (config.serverMetadata().userinfo_endpoint === undefined) return {};
  try {
    return await oidc.fetchUserInfo(config, accessToken, subject);
  } catch (error) {
    log.warn('sign-in.no-userinfo', { error });
    return {};
  }
};
