// Which further hosts a sign-in passes through, so that the application's pages can call them by script with the user's session: the
// application's own others, and those of the applications that it names in `calls`. One that the user may not use is left out.
import { SallyportError } from '../../protocol/errors.ts';
import { RETURN_PATH } from '../../protocol/kept-place.ts';
import { mayUse } from '../router/authorise.ts';
import { resolve } from '../router/resolve.ts';
import type { Application, User } from '../stores/records.ts';
import type { PortalPorts } from './ports.ts';

/** Each costs the browser three redirects. */
const VISITS_MAX = 20;

/** Never the host of `to` itself. Throws ERR_STORE_UNAVAILABLE. */
export const visitsFor = async ({ directory }: Pick<PortalPorts, 'directory'>, user: User, to: URL): Promise<readonly string[]> => {
  const asked = await applicationAt(directory, placeOf(to));
  if (asked === null || (asked.segments.length === 0 && asked.calls.length === 0 && asked.host === to.hostname)) return [];
  const reached = (await directory.applications()).filter(
    ({ id, access, preAuthentication }) =>
      (id === asked.id || asked.calls.includes(id)) && preAuthentication === 'sign-in' && mayUse(access, user),
  );
  const hosts = reached.flatMap(hostsOf).filter((host) => host !== to.hostname && !host.startsWith('*.'));
  return [...new Set(hosts)].sort().slice(0, VISITS_MAX);
};

/** Its alternate host is for people; pages call by the others. */
const hostsOf = ({ host, segments }: Application): string[] => [host, ...segments.map((segment) => segment.host)];

/** Where the browser goes in the end: an address that its tab keeps says only which application it is of. */
const placeOf = (to: URL): Pick<URL, 'hostname' | 'pathname'> =>
  to.pathname === RETURN_PATH ? { hostname: to.hostname, pathname: to.searchParams.get('at') ?? '/' } : to;

/** Null where there is none: then there is nothing to call, and the router says the rest. */
const applicationAt = async (
  directory: PortalPorts['directory'],
  { hostname, pathname }: Pick<URL, 'hostname' | 'pathname'>,
): Promise<Application | null> => {
  try {
    return (await resolve(directory, { host: hostname, path: pathname })).application;
  } catch (error) {
    if (error instanceof SallyportError && error.traits.hop === 'user') return null;
    throw error;
  }
};
