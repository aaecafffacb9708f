// The portal's own forms: no other site can send one for the user (CSRF). A form carries a token, and must come from this very host.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { SallyportError } from '../../protocol/errors.ts';
import { formOf, type PortalRequest, single } from './request.ts';

/** The field that carries the token. */
export const TOKEN_FIELD = 'token';

/** Known only to who can read the page that this browser was shown; tells nothing of the secret, which a cookie has. */
export const formToken = (secret: string, form: string): string => createHmac('sha256', secret).update(form).digest('base64url');

/** What the form holds. Throws ERR_REQUEST_INVALID when it is not this user's own. */
export const readOwnForm = (portalUrl: string, request: PortalRequest, secret: string, form: string): URLSearchParams => {
  if (isOwnForm(portalUrl, request, secret, form)) return formOf(request);
  throw new SallyportError('ERR_REQUEST_INVALID', 'The form did not come from this site’s own page. Open it from your portal.');
};

export const isOwnForm = (portalUrl: string, request: PortalRequest, secret: string, form: string): boolean =>
  !isFromElsewhere(portalUrl, request) && isSame(single(formOf(request), TOKEN_FIELD) ?? '', formToken(secret, form));

/** Browsers say where a request comes from (Fetch Metadata), or at least from which origin (RFC 6454). */
const isFromElsewhere = (portalUrl: string, { headers }: PortalRequest): boolean => {
  const { 'sec-fetch-site': site, origin } = headers;
  return (site !== undefined && site !== 'same-origin') || (origin !== undefined && origin !== portalUrl);
};

const isSame = (given: string, expected: string): boolean => {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
};
