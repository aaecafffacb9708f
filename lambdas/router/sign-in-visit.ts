// `/.sallyport/visit?to=…`: the browser comes from another application host whose pages call this one. It gets this host's sign-in cookie
// and goes on to the portal, which knows whether that is so, and where `to` may lead: nothing is believed here.
import { SallyportError } from '../../protocol/errors.ts';
import { digest } from '../keys.ts';
import { type Answer, redirect } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import type { ExternalUrls } from './external-url.ts';
import { signInCookie } from './sign-in-redirect.ts';

export interface VisitPorts {
  readonly urls: ExternalUrls;
  readonly newSecret: () => string;
}

/** Where the browser is sent to pass through `host` on its way to `to`. */
export const visitUrl = (urls: ExternalUrls, host: string, to: string): string =>
  `${urls.origin(host)}/.sallyport/visit?to=${encodeURIComponent(to)}`;

/** Throws ERR_METHOD_REFUSED, ERR_REQUEST_INVALID. */
export const answerVisit = ({ urls, newSecret }: VisitPorts, request: CanonicalRequest): Answer => {
  if (request.method !== 'GET') throw new SallyportError('ERR_METHOD_REFUSED', `A visit came by ${request.method}; GET is expected.`);
  const [to, ...others] = new URLSearchParams(request.query).getAll('to');
  if (to === undefined || others.length > 0) throw new SallyportError('ERR_REQUEST_INVALID', 'A visit says once where it leads.');
  const { secret, cookie } = signInCookie(request, newSecret);
  const query = new URLSearchParams({ to, through: request.host, challenge: digest(secret) });
  return redirect(302, `${urls.portal}/sign-in?${query}`, [cookie]);
};
