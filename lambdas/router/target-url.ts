// The URL at the origin: the internal URL with what follows the application's external path. Never another host, never above its base path.
import { SallyportError } from '../../protocol/errors.ts';
import type { Application } from '../stores/records.ts';
import type { CanonicalRequest } from './canonical-request.ts';

/** Throws ERR_REQUEST_INVALID when the result, parsed, is not what was put together. */
export const targetUrl = (
  { internalUrl, path: prefix }: Application,
  { path, query }: Pick<CanonicalRequest, 'path' | 'query'>,
): string => {
  const base = new URL(internalUrl);
  const target = base.href + path.slice(prefix.length) + query;

  const url = URL.parse(target);
  const unchanged = url !== null && url.href === target && url.origin === base.origin && url.pathname.startsWith(base.pathname);
  if (!path.startsWith(prefix) || !unchanged)
    throw new SallyportError('ERR_REQUEST_INVALID', 'The path does not stay below the application.');
  return target;
};
