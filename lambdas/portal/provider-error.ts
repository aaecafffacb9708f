// What went wrong at the provider, as a code: out of reach, refused, or a sign-in that is no longer good.
// The provider's own words go into the cause, so into the log; a page shows only ours.
import * as oidc from 'openid-client';
import { SallyportError } from '../../protocol/errors.ts';

/** `issuer`: as the tenant file has it, for the log. */
export const providerError = (error: unknown, issuer: string): SallyportError => {
  if (error instanceof SallyportError) return error;
  if (error instanceof oidc.AuthorizationResponseError) return answered(error.error, error);
  if (error instanceof oidc.ResponseBodyError) return tokenRefused(error);
  if (error instanceof oidc.WWWAuthenticateChallengeError) return secretRefused(error);
  if (isOutOfReach(error)) {
    const message = `The identity provider ${issuer} cannot be reached. Check identityProviders in the tenant file, and the provider’s status.`;
    return new SallyportError('ERR_IDENTITY_PROVIDER_UNREACHABLE', message, { cause: error });
  }
  return new SallyportError('ERR_IDENTITY_REFUSED', 'What the sign-in service answered did not pass our checks.', { cause: error });
};

/** Whether the provider did not accept our client secret. */
export const isSecretRefused = (error: unknown): boolean =>
  error instanceof oidc.WWWAuthenticateChallengeError || (error instanceof oidc.ResponseBodyError && error.error === 'invalid_client');

/** RFC 6749 §4.1.2.1: what the provider told the browser to tell us. */
const answered = (code: string, cause: unknown): SallyportError =>
  code === 'server_error' || code === 'temporarily_unavailable'
    ? new SallyportError('ERR_IDENTITY_PROVIDER_UNREACHABLE', 'The identity provider answered that it is out of order.', { cause })
    : new SallyportError('ERR_IDENTITY_REFUSED', 'The sign-in was refused or cancelled at the sign-in service.', { cause });

const tokenRefused = (error: oidc.ResponseBodyError): SallyportError => {
  if (error.error === 'invalid_grant')
    return new SallyportError('ERR_SIGN_IN_INVALID', 'This sign-in was used before, or has expired.', { cause: error });
  if (isSecretRefused(error)) return secretRefused(error);
  return new SallyportError('ERR_IDENTITY_REFUSED', 'The sign-in service gave no token.', { cause: error });
};

const secretRefused = (cause: unknown): SallyportError =>
  new SallyportError(
    'ERR_INTERNAL',
    'The identity provider refuses our client id or secret: compare the tenant file, and store the current secret in Secrets Manager.',
    { cause },
  );

const isOutOfReach = (error: unknown): boolean => {
  // openid-client wraps what it does not know, without a code.
  const { name, code, cause } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown; readonly cause?: unknown };
  if (error instanceof oidc.ClientError) return code === undefined ? isOutOfReach(cause) : OUT_OF_REACH.has(String(code));
  // `fetch` throws a TypeError without a code for what did not even arrive (Fetch standard §5.6).
  return name === 'TypeError' && code === undefined;
};

/** openid-client's codes for: no answer in time, a status or a body that is none of the protocol's. */
const OUT_OF_REACH = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_INVALID_SERVER_METADATA',
  'OAUTH_MISSING_SERVER_METADATA',
]);
