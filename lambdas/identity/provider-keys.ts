// The keys with which the identity provider signs what it says outside of a sign-in: found by its metadata (OpenID Connect Discovery),
// kept for an hour. jose keeps the keys themselves, and asks again, not too often, when a token names one that it does not know.
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import { SallyportError } from '../../protocol/errors.ts';

/** Signatures by key pairs alone: with a shared secret, whoever can check a token can make one (peers' algorithm confusions). */
export const SIGNING_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
export const CLOCK_TOLERANCE_S = 60;

const METADATA_LIFETIME_MS = 60 * 60_000;
const REQUEST_TIMEOUT_MS = 5_000;

export interface ProviderKeysOptions {
  /** Exactly as tokens carry it. */
  readonly issuer: string;
  readonly now: () => number;
  readonly fetch?: typeof fetch;
}

/** Throws ERR_IDENTITY_PROVIDER_UNREACHABLE. */
export type ProviderKeys = () => Promise<JWTVerifyGetKey>;

export const createProviderKeys = ({ issuer, now, fetch: get = fetch }: ProviderKeysOptions): ProviderKeys => {
  let known: { readonly keys: JWTVerifyGetKey; readonly at: number } | null = null;
  return async () => {
    if (known !== null && now() - known.at < METADATA_LIFETIME_MS) return known.keys;
    try {
      known = { keys: createRemoteJWKSet(await keysUri(issuer, get), { timeoutDuration: REQUEST_TIMEOUT_MS }), at: now() };
    } catch (cause) {
      // Old keys are better than none while the provider is away.
      if (known === null) throw keysUnreachable(issuer, cause);
    }
    return known.keys;
  };
};

export const keysUnreachable = (issuer: string, cause: unknown): SallyportError =>
  new SallyportError('ERR_IDENTITY_PROVIDER_UNREACHABLE', `The keys of ${issuer} cannot be had.`, { cause });

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
