// `/robots.txt` of an application host (RFC 9309), without sign-in: crawlers are turned away, unless the application at the host's root
// answers for itself; then the request goes its usual way.
import { SECURITY_HEADERS } from '../pages/page.ts';
import type { Answer } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import type { ReadDirectory } from './ports.ts';
import { applicationsAt } from './resolve.ts';

const DENIAL: Answer = {
  status: 200,
  headers: Object.entries({ ...SECURITY_HEADERS, 'Cache-Control': 'public, max-age=3600', 'Content-Type': 'text/plain; charset=utf-8' }),
  body: 'User-agent: *\nDisallow: /\n',
};

/** Null when it is not for us to answer. */
export const answerRobots = async (
  directory: ReadDirectory,
  { method, host, path }: Pick<CanonicalRequest, 'method' | 'host' | 'path'>,
): Promise<Answer | null> => {
  if (path !== '/robots.txt' || (method !== 'GET' && method !== 'HEAD')) return null;
  const applications = await applicationsAt(directory, host);
  const root = applications.find((application) => application.path === '/');
  return applications.length === 0 || root?.robots === 'application' ? null : DENIAL;
};
