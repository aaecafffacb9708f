// The provider's metadata (OpenID Connect Discovery) and our authentication at it. Kept for an hour; a provider that could not be
// reached is asked again by the next request.
import * as oidc from 'openid-client';
import { CLOCK_TOLERANCE_S } from '../identity/provider-keys.ts';
import type { Secret } from '../secrets.ts';
import { clientSecretBasic } from './client-secret-basic.ts';
import { providerError } from './provider-error.ts';

export interface ConfigurationOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** Null for a public client. */
  readonly clientSecret: Secret | null;
  readonly now: () => number;
}

export interface ProviderConfiguration {
  /** Throws ERR_IDENTITY_PROVIDER_UNREACHABLE, ERR_STORE_UNAVAILABLE. */
  get(): Promise<oidc.Configuration>;
  /** Reads the client secret anew; false when it is the one that we had. */
  renewSecret(): Promise<boolean>;
}

const METADATA_LIFETIME_MS = 60 * 60_000;
/** Metadata, token, keys and userinfo one after the other stay below API Gateway's 30 s. */
const REQUEST_TIMEOUT_S = 5;

export const createProviderConfiguration = ({ issuer, clientId, clientSecret, now }: ConfigurationOptions): ProviderConfiguration => {
  const server = new URL(issuer);
  let known: { readonly config: oidc.Configuration; readonly at: number } | null = null;
  let secret = '';

  const authenticate: oidc.ClientAuth = (as, ...rest) => {
    if (clientSecret === null) return oidc.None()(as, ...rest);
    const methods = as.token_endpoint_auth_methods_supported;
    // Basic is the default of both provider and client where neither says more (OpenID Connect Discovery §3, Registration §2).
    const basic = methods === undefined || methods.includes('client_secret_basic');
    return (basic ? clientSecretBasic(secret) : oidc.ClientSecretPost(secret))(as, ...rest);
  };

  const discover = async (): Promise<oidc.Configuration> => {
    try {
      return await oidc.discovery(server, clientId, { [oidc.clockTolerance]: CLOCK_TOLERANCE_S }, authenticate, {
        // The ID token's signature is checked although TLS vouches for it already.
        execute: [oidc.enableNonRepudiationChecks, ...(isLocal(server) ? [oidc.allowInsecureRequests] : [])],
        timeout: REQUEST_TIMEOUT_S,
      });
    } catch (error) {
      throw providerError(error, issuer);
    }
  };

  return {
    get: async () => {
      if (clientSecret !== null) secret = await clientSecret.read();
      if (known !== null && now() - known.at < METADATA_LIFETIME_MS) return known.config;
      try {
        known = { config: await discover(), at: now() };
      } catch (error) {
        // Old metadata is better than none while the provider is away.
        if (known === null) throw error;
      }
      return known.config;
    },
    renewSecret: async () => {
      if (clientSecret === null) return false;
      const before = secret;
      secret = await clientSecret.refresh();
      return secret !== before;
    },
  };
};

/** Plain HTTP only to this machine, where the simulator's provider is. */
const isLocal = ({ protocol, hostname }: URL): boolean =>
  protocol === 'http:' && (/^(.+\.)?localhost$/.test(hostname) || hostname === '127.0.0.1' || hostname === '[::1]');
