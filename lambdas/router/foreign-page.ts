// Pages of other origins that would change something in a user's name (cross-site request forgery). Applications below one domain are one site
// to browsers, so `SameSite` keeps none of them from sending another's cookies along: a request says itself where it comes from.
import { SallyportError } from '../../protocol/errors.ts';
import type { ApplicationHere } from '../stores/records.ts';
import type { Caller } from './caller.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { methodOverrides } from './method-overrides.ts';
import { applicationsAt } from './resolve.ts';
import { isWelcomeAt, type WelcomePorts } from './welcome.ts';

/** RFC 9110 §9.2.1. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

type From = 'itself' | 'a sibling' | 'elsewhere';

/**
 * `caller`: null where the application lets everyone pass; there only siblings are kept out, since to all others it is as open as it is without us.
 * Throws ERR_PAGE_ORIGIN.
 */
export const checkPage = async (
  ports: WelcomePorts,
  application: ApplicationHere,
  request: CanonicalRequest,
  caller: Pick<Caller, 'by'> | null,
): Promise<void> => {
  if (application.crossOriginRequests === 'allow') return;
  // A page cannot send a program's token without being asked by a preflight first, unless the browser sends it by itself.
  if (caller !== null && caller.by !== 'browser' && !isRemembered(request)) return;
  const from = await whence(ports, request);
  if (from === 'itself' || (from === 'elsewhere' && caller === null)) return;
  const changing = [request.method, ...methodOverrides(request.headers, request.query, request.path)].filter((method) => !SAFE.has(method));
  if (changing.length === 0) return;
  const origins = valuesOf(request, 'origin');
  const [origin = ''] = origins;
  const { portal } = ports.urls;
  const named = origins.length === 1 && origin !== ports.urls.origin(request.host);
  if (named && (origin === portal || (await isWelcomeAt(ports, application, request.path, origin, changing)))) return;
  throw new SallyportError(
    'ERR_PAGE_ORIGIN',
    `A page of ${origins.join() || 'another origin'} sent ${changing.join()} to ${application.id}; neither calls nor cors allow it.`,
  );
};

/** Whether a browser may have the credentials from before: those of HTTP Basic it sends along with whatever a page asks (RFC 7617 §2.2). */
const isRemembered = (request: CanonicalRequest): boolean => valuesOf(request, 'authorization').some((value) => /^basic\b/.test(value));

/** By Fetch Metadata, which no page can forge; browsers without it say the Origin of what changes something. */
const whence = async ({ directory, urls }: WelcomePorts, request: CanonicalRequest): Promise<From> => {
  const sites = valuesOf(request, 'sec-fetch-site');
  if (sites.length > 0) {
    if (sites.every((site) => site === 'same-origin' || site === 'none')) return 'itself';
    return sites.every((site) => site === 'cross-site') ? 'elsewhere' : 'a sibling';
  }
  const foreign = valuesOf(request, 'origin').filter((origin) => origin !== urls.origin(request.host));
  if (foreign.length === 0) return 'itself';
  const hosts = foreign.map(urls.hostOf).filter((host) => host !== null);
  const published = await Promise.all(hosts.map((host) => applicationsAt(directory, host)));
  return published.some((applications) => applications.length > 0) ? 'a sibling' : 'elsewhere';
};

const valuesOf = ({ headers }: CanonicalRequest, wanted: string): string[] =>
  headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value.trim().toLowerCase());
