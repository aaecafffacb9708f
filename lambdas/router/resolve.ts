// First pass: which application a host and path belong to, as it is there. The most specific host wins, then the longest path.

import { pathReadings } from '../../policy/path-readings.ts';
import { SallyportError } from '../../protocol/errors.ts';
import type { ApplicationHere, Directory } from '../stores/records.ts';
import type { CanonicalRequest } from './canonical-request.ts';

/** `slash`: the request names an application's path without its final slash, where relative links would lead astray. */
export type Resolution = { readonly application: ApplicationHere } | { readonly application: ApplicationHere; readonly slash: string };

/** Throws ERR_APPLICATION_UNKNOWN, or ERR_REQUEST_INVALID when some server would see another application in this path. */
export const resolve = async (
  directory: Pick<Directory, 'applicationsOn'>,
  { host, path }: Pick<CanonicalRequest, 'host' | 'path'>,
): Promise<Resolution> => {
  const applications = await applicationsAt(directory, host);
  const application = longest(applications, `${path}/`, (known) => known);
  if (application === null) throw new SallyportError('ERR_APPLICATION_UNKNOWN', `No application is published at ${host} for this path.`);

  // `/%61dmin`, `//admin`, `/x/../admin`, `/ADMIN` are `/admin` to some server: when two applications share one, the laxer rule must not win.
  const elsewhere = (reading: string) => longest(applications, reading, (known) => known.toLowerCase()) !== application;
  if ([...pathReadings(path)].some(elsewhere)) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'The path could be read as that of another application.');
  }
  const here = atHost(application, host);
  return path.startsWith(application.path) ? { application: here } : { application: here, slash: `${path}/` };
};

/** The `*` of an internal URL is the label that was asked for: exactly one, and no other reading of it (RFC 1123 §2.1, IDNA). */
const atHost = (application: ApplicationHere, host: string): ApplicationHere => {
  const [before, after] = application.internalUrl.split('//*.');
  if (after === undefined) return application;
  const label = host.slice(0, host.indexOf('.'));
  const internalUrl = `${before}//${label}.${after}`;
  if (!/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(label) || URL.parse(internalUrl)?.href !== internalUrl) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'The first label of the host is none of an origin.');
  }
  return { ...application, internalUrl };
};

/** A host with applications of its own answers for all its paths: the wildcard of its parent does not fill its gaps. */
export const applicationsAt = async (directory: Pick<Directory, 'applicationsOn'>, host: string): Promise<readonly ApplicationHere[]> => {
  const own = await directory.applicationsOn(host);
  const parent = host.indexOf('.');
  // A wildcard stands for one label, as in certificates (RFC 9525 §6.3).
  return own.length > 0 || parent < 0 ? own : directory.applicationsOn(`*${host.slice(parent)}`);
};

const longest = (applications: readonly ApplicationHere[], path: string, read: (path: string) => string): ApplicationHere | null =>
  applications.reduce<ApplicationHere | null>(
    (best, application) =>
      path.startsWith(read(application.path)) && application.path.length > (best?.path.length ?? 0) ? application : best,
    null,
  );
