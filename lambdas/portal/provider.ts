// An OpenID provider of the tenant's, by openid-client: code flow with PKCE (OpenID Connect Core §3.1, RFC 7636), sign-out at the provider.
import * as oidc from 'openid-client';
import { SallyportError } from '../../protocol/errors.ts';
import type { Log } from '../../protocol/log.ts';
import type { OpenIdSettings } from '../../tenants/identity-providers.ts';
import { lacksAny } from '../identity/claim-names.ts';
import type { ProviderProfile } from '../identity/provider-profile.ts';
import { stepUpParameters } from '../identity/second-factor.ts';
import { digest } from '../keys.ts';
import { type GraphOptions, withGroups } from './graph-groups.ts';
import type { IdentityProvider, SignedIn, SignInChecks, SignInWishes } from './ports.ts';
import { type ConfigurationOptions, createProviderConfiguration } from './provider-configuration.ts';
import { isSecretRefused, providerError } from './provider-error.ts';
import { createExchange } from './provider-exchange.ts';
import { createRefresh } from './provider-refresh.ts';

export interface ProviderOptions extends Omit<ConfigurationOptions, 'issuer'> {
  readonly profile: ProviderProfile;
  readonly scopes: readonly string[];
  readonly groupsFrom: GraphOptions['groupsFrom'];
  readonly signOut: OpenIdSettings['signOut'];
  readonly portalUrl: string;
  readonly log: Log;
}

export const createProvider = (options: ProviderOptions): IdentityProvider => {
  const { profile, portalUrl, scopes } = options;
  const { issuer } = profile;
  // One for each provider: where a sign-in ends says who answered (mix-up, RFC 9700 §4.4.2.2).
  const redirectUri = `${portalUrl}/callback/${profile.id}`;
  const configuration = createProviderConfiguration({ ...options, issuer });

  const redeemOnce = async (callback: URLSearchParams, { state, nonce, verifier, maxAge }: SignInChecks): Promise<SignedIn> => {
    const config = await configuration.get();
    const url = new URL(`${redirectUri}?${callback}`);
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, ...(maxAge === undefined ? {} : { maxAge }) };
    const tokens = await oidc.authorizationCodeGrant(config, url, checks);
    const claims = tokens.claims();
    if (claims === undefined) throw new SallyportError('ERR_IDENTITY_REFUSED', 'The sign-in service sent no ID token.');
    // §3.1.3.7 of OpenID Connect Core: one that was given to another client is not for us, whoever else may read it.
    if (claims.azp !== undefined && claims.azp !== options.clientId)
      throw new SallyportError('ERR_IDENTITY_REFUSED', 'The sign-in service sent an ID token that was given to another client.');
    const further = lacksAny(claims, profile.claims) ? await userInfo(config, tokens.access_token, claims.sub, options.log) : {};
    const complete = await withGroups({ ...further, ...claims }, config, tokens.access_token, options);
    return { claims: complete, idToken: tokens.id_token, refreshToken: tokens.refresh_token };
  };

  return {
    profile,

    signInUrl: async ({ state, nonce, verifier }, wishes) =>
      oidc.buildAuthorizationUrl(await configuration.get(), {
        redirect_uri: redirectUri,
        scope: scopes.join(' '),
        state,
        nonce,
        code_challenge: digest(verifier),
        code_challenge_method: 'S256',
        ...wished(wishes, profile),
      }).href,

    redeem: async (returned, checks) => {
      try {
        return await redeemOnce(returned, checks).catch(async (error: unknown) => {
          // The administrator may have replaced the secret while this environment kept the old one.
          if (!isSecretRefused(error) || !(await configuration.renewSecret())) throw error;
          return redeemOnce(returned, checks);
        });
      } catch (error) {
        throw providerError(error, issuer);
      }
    },

    refresh: createRefresh(configuration, options),
    exchange: createExchange(configuration, options),

    signOutUrl: async (idToken) => {
      const config = await configuration.get();
      if (config.serverMetadata().end_session_endpoint === undefined) return null;
      const back = `${portalUrl}/signed-out`;
      return oidc.buildEndSessionUrl(config, options.signOut === 'cognito' ? { logout_uri: back } : rpInitiated(back, idToken)).href;
    },
  };
};

const rpInitiated = (back: string, idToken: string | undefined): Record<string, string> => ({
  post_logout_redirect_uri: back,
  ...(idToken === undefined ? {} : { id_token_hint: idToken }),
});

/** `domain_hint` is Entra ID's; a server ignores parameters that it does not know (RFC 6749 §3.1). */
const wished = ({ stepUp, loginHint, domainHint }: SignInWishes, { secondFactor }: ProviderProfile): Record<string, string> => ({
  ...(stepUp === null ? {} : stepUpParameters(stepUp, secondFactor)),
  ...(loginHint === null ? {} : { login_hint: loginHint }),
  ...(domainHint === null ? {} : { domain_hint: domainHint }),
});

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
