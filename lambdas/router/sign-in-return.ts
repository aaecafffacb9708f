// `/.sallyport/return?at=…`: a sign-in comes back whose way back was too long to travel, so the tab kept it (sign-in-page.ts).
import type { Look } from '../pages/look.ts';
import type { Answer } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import type { ExternalUrls } from './external-url.ts';
import { returnPage } from './sign-in-page.ts';

/** `at` is where an application begins: a plain path, which can be read as no other host. */
const PLACE = /^\/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*\/)*$/;

export const answerReturn = (
  { look, urls }: { readonly look: Look; readonly urls: ExternalUrls },
  { host, query }: CanonicalRequest,
): Answer => {
  const [at = '', ...further] = new URLSearchParams(query).getAll('at');
  return returnPage(look, urls.origin(host) + (further.length === 0 && PLACE.test(at) ? at : '/'));
};
