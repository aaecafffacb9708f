// What scripts of ours ask for an application's page, at the target's own path (protocol/page-call.ts).
import { SallyportError } from '../../protocol/errors.ts';
import { CALL_FIELD, type PageCall } from '../../protocol/page-call.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import type { ExternalUrls } from './external-url.ts';
import { isReserved } from './reserved.ts';

/** Null for every other request. Throws ERR_REQUEST_INVALID for one that none of our scripts makes, and for one of another origin. */
export const readPageCall = (request: CanonicalRequest, urls: ExternalUrls): PageCall | null => {
  const said = valuesOf(request, CALL_FIELD.toLowerCase());
  if (said.length === 0) return null;
  const [call] = said;
  if (said.length > 1 || (call !== 'socket' && call !== 'upload')) throw invalid('says something else than "socket" or "upload"');
  if (request.method !== 'POST') throw invalid(`came by ${request.method}; POST is expected`);
  if (isReserved(request.path)) throw invalid('is of a reserved path, which no application has');
  if (isForeign(request, urls)) throw invalid('came from a page of another origin');
  return call;
};

/** Whether a page of another origin asks. Browsers say where a POST comes from; programs say nothing. */
export const isForeign = (request: CanonicalRequest, urls: ExternalUrls): boolean =>
  valuesOf(request, 'origin').some((origin) => origin !== urls.origin(request.host)) ||
  valuesOf(request, 'sec-fetch-site').some((site) => site !== 'same-origin');

const valuesOf = ({ headers }: CanonicalRequest, wanted: string): string[] =>
  headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);

const invalid = (what: string): SallyportError => new SallyportError('ERR_REQUEST_INVALID', `A request with ${CALL_FIELD} ${what}.`);
