// How programs learn where to get a token for an application (RFC 9728): the challenge of a refusal leads to the metadata.
import type { ErrorCode } from '../../protocol/errors.ts';
import { SECURITY_HEADERS } from '../pages/page.ts';
import type { Application } from '../stores/records.ts';
import type { Answer } from './answer.ts';
import type { ExternalUrls } from './external-url.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

type Resource = Pick<Application, 'host' | 'path' | 'name' | 'tokens'>;

/** The path of the application that a request for metadata means; null when it is none. */
export const resourcePath = (path: string): string | null => {
  if (path !== WELL_KNOWN && !path.startsWith(`${WELL_KNOWN}/`)) return null;
  const rest = path.slice(WELL_KNOWN.length);
  return rest.endsWith('/') ? rest : `${rest}/`;
};

/** Null where the application takes no tokens of the identity provider: then the path is its own. */
export const resourceMetadata = ({ path, name, tokens }: Resource, origin: string, issuers: readonly string[]): Answer | null => {
  if (tokens === null || tokens.audience === null || issuers.length === 0) return null;
  const metadata = {
    resource: origin + path,
    authorization_servers: issuers,
    scopes_supported: tokens.scopes,
    bearer_methods_supported: ['header'],
    resource_name: name,
  };
  const headers = Object.entries({
    ...SECURITY_HEADERS,
    'Content-Type': 'application/json',
    'Cache-Control': 'public, max-age=300',
    // Anyone may read it, scripts of other sites included: it says nothing secret.
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
  });
  return { status: 200, headers, body: JSON.stringify(metadata) };
};

/** RFC 6750 §3: what a program is told with a refusal. Null where tokens are not taken, or do not matter. */
export const bearerChallenge = (code: ErrorCode, { path, tokens }: Resource, host: string, urls: ExternalUrls): string | null => {
  if (tokens === null || tokens.audience === null) return null;
  const error = ERRORS_OF_RFC[code];
  if (error === undefined) return null;
  const metadata = `resource_metadata="${urls.origin(host)}${WELL_KNOWN}${path === '/' ? '' : path.slice(0, -1)}"`;
  const scope = error === 'insufficient_scope' ? [`scope="${tokens.scopes.join(' ')}"`] : [];
  return `Bearer ${[...(error === null ? [] : [`error="${error}"`]), ...scope, metadata].join(', ')}`;
};

/** Without credentials, no error code belongs into the challenge (RFC 6750 §3.1). */
const ERRORS_OF_RFC: Partial<Record<ErrorCode, string | null>> = {
  ERR_SIGN_IN_REQUIRED: null,
  ERR_TOKEN_INVALID: 'invalid_token',
  ERR_TOKEN_SCOPE: 'insufficient_scope',
  ERR_STEP_UP_REQUIRED: 'insufficient_user_authentication',
};
