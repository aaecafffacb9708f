// Has the provider give a token for an application in exchange for the user's (RFC 8693; Entra ID's on-behalf-of), with our own client
// secret. What comes must be for that application and of that user: anything else goes nowhere.
import { decodeJwt, type JWTPayload } from 'jose';
import * as oidc from 'openid-client';
import { SallyportError } from '../../protocol/errors.ts';
import type { IdentityProvider, Subject, Wanted } from './ports.ts';
import type { ProviderConfiguration } from './provider-configuration.ts';
import { isSecretRefused, providerError } from './provider-error.ts';
import { accessTokenIn, BUSY } from './provider-refresh.ts';

export interface ExchangeOptions {
  readonly profile: { readonly issuer: string };
  readonly now: () => number;
}

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
/** RFC 7523: what Entra ID calls its exchange by. */
const ON_BEHALF_OF = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export const createExchange = (
  configuration: ProviderConfiguration,
  { profile: { issuer }, now }: ExchangeOptions,
): NonNullable<IdentityProvider['exchange']> => {
  const grant = async ({ token }: Subject, { grant, audience, scopes }: Wanted) => {
    const config = await configuration.get();
    const scope: Record<string, string> = scopes.length === 0 ? {} : { scope: scopes.join(' ') };
    return grant === 'exchange'
      ? oidc.genericGrantRequest(config, EXCHANGE, {
          subject_token: token,
          subject_token_type: ACCESS_TOKEN,
          requested_token_type: ACCESS_TOKEN,
          audience: audience!,
          ...scope,
        })
      : oidc.genericGrantRequest(config, ON_BEHALF_OF, { assertion: token, requested_token_use: 'on_behalf_of', ...scope });
  };

  return async (subject, wanted) => {
    try {
      const given = await grant(subject, wanted).catch(async (error: unknown) => {
        if (!isSecretRefused(error) || !(await configuration.renewSecret())) throw error;
        return grant(subject, wanted);
      });
      const claims = claimsIn(given.access_token);
      if (claims === null)
        throw refused('It answered with a token that does not say whom it is of: have it give JSON Web Tokens (RFC 9068).');
      if (![claims.aud].flat().includes(wanted.audience!))
        throw refused(
          `It answered with a token for ${[claims.aud].flat().join(', ') || 'nobody'}: singleSignOn.audience is ${wanted.audience}.`,
        );
      if (!isOfSameUser(claims, subject, wanted, issuer)) throw refused('It answered with a token of another user.');
      const { token, goodUntil } = accessTokenIn(given, now);
      return { token, goodUntil: Math.min(goodUntil, claims.exp === undefined ? goodUntil : claims.exp * 1000) };
    } catch (error) {
      throw exchangeError(error, issuer);
    }
  };
};

/** Entra ID calls a user something else at each application (`sub`), and the same at all of a tenant's (`oid`). */
const isOfSameUser = (given: JWTPayload, { token, subject }: Subject, { grant }: Wanted, issuer: string): boolean => {
  const before = claimsIn(token);
  if (grant === 'on-behalf-of' && before?.oid !== undefined) return given.oid === before.oid && given.tid === before.tid;
  return given.sub === subject && (grant === 'on-behalf-of' || given.iss === issuer);
};

/** It came from the provider itself, over TLS; null for a token that only the provider can read. */
const claimsIn = (token: string): JWTPayload | null => {
  try {
    return decodeJwt(token);
  } catch {
    return null;
  }
};

/** RFC 8693 §2.2.2, RFC 6749 §5.2: the provider's word for it, and what it usually means. */
const MEANINGS: Readonly<Record<string, string>> = {
  unsupported_grant_type: 'it exchanges no tokens: allow it there, or set singleSignOn.grant to what it does',
  unauthorized_client: 'our client may not exchange tokens: allow it there',
  invalid_target: 'it knows no application of that audience, or our client may not ask for it: compare singleSignOn.audience',
  invalid_scope: 'it gives no such scope for the application: compare singleSignOn.scopes',
  interaction_required: 'the user or an administrator has to consent, or to show more: give consent for our client there',
  invalid_grant:
    'the user’s own token is not good for that: it must be for our client, so add a scope of ours to identityProviders[].scopes',
};

const exchangeError = (error: unknown, issuer: string): SallyportError => {
  if (!(error instanceof oidc.ResponseBodyError) || isSecretRefused(error)) return providerError(error, issuer);
  if (BUSY.has(error.error))
    return new SallyportError('ERR_IDENTITY_PROVIDER_UNREACHABLE', `The identity provider ${issuer} is out of order.`);
  const meaning = Object.hasOwn(MEANINGS, error.error) ? MEANINGS[error.error] : 'see the provider’s own log';
  return refused(`It says ${error.error}: ${meaning}.`);
};

/** Without a cause: what a provider says of a token that it refuses may hold the token. */
const refused = (why: string): SallyportError =>
  new SallyportError('ERR_ACCESS_TOKEN_REFUSED', `The identity provider gives no token for the application. ${why}`);
