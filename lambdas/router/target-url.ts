// The URL at the origin: the internal URL with what follows the application's external path, byte for byte. Never another host,
// and for no reader above the internal URL's own path.

import { pathReadings } from '../../policy/path-readings.ts';
import { SallyportError } from '../../protocol/errors.ts';
import type { Application } from '../stores/records.ts';
import type { CanonicalRequest } from './canonical-request.ts';

/** Throws ERR_REQUEST_INVALID when some server would find another place in it. */
export const targetUrl = (
  { internalUrl, path: prefix }: Application,
  { path, query }: Pick<CanonicalRequest, 'path' | 'query'>,
): string => {
  const { origin, pathname } = new URL(internalUrl);
  const target = pathname + path.slice(prefix.length);
  const below = pathname.toLowerCase();
  if (!path.startsWith(prefix) || ![...pathReadings(target)].every((reading) => reading.startsWith(below))) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'The path could be read as one that is not below the application.');
  }
  return origin + target + query;
};
