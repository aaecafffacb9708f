// What is answered by path alone, before any application is asked for: our reserved paths, robots.txt, what RFC 9728 puts at a well-known one,
// and the script of a service worker that belongs to no application.
import type { Answer } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import { resourceMetadata, resourcePath } from './protected-resource.ts';
import { answerReserved, type ReservedPorts } from './reserved.ts';
import { applicationsAt, resolve } from './resolve.ts';
import { answerRobots } from './robots.ts';
import { asideAnswer, isWorkerScript } from './service-worker.ts';

export interface OwnPathPorts extends ReservedPorts {
  readonly issuers: readonly string[];
  /** The worker that steps aside. */
  readonly asideScript: () => string;
}

/** Null where the path is the application's own. */
export const answerOwnPath = async (
  ports: OwnPathPorts,
  request: CanonicalRequest,
): Promise<{ readonly what: string; readonly answer: Answer } | null> => {
  const reserved = await answerReserved(ports, request);
  if (reserved !== null) return { what: 'reserved', answer: reserved };
  const robots = await answerRobots(ports.directory, request);
  if (robots !== null) return { what: 'robots', answer: robots };
  const metadata = await metadataOf(ports, request);
  if (metadata !== null) return { what: 'resource-metadata', answer: metadata };
  return (await isLostWorker(ports, request)) ? { what: 'aside', answer: asideAnswer(ports.asideScript()) } : null;
};

const metadataOf = async ({ directory, urls, issuers }: OwnPathPorts, request: CanonicalRequest): Promise<Answer | null> => {
  const path = request.method === 'GET' || request.method === 'HEAD' ? resourcePath(request.path) : null;
  if (path === null) return null;
  const resolved = await resolve(directory, { host: request.host, path });
  return 'application' in resolved ? resourceMetadata(resolved.application, urls.origin(request.host), issuers) : null;
};

/** From before we were at this host: its script is at no address that is published, and yet it may answer for all that are. */
const isLostWorker = async ({ directory }: OwnPathPorts, request: CanonicalRequest): Promise<boolean> => {
  if (!isWorkerScript(request)) return false;
  const here = await applicationsAt(directory, request.host);
  return here.length > 0 && !here.some(({ path }) => `${request.path}/`.startsWith(path));
};
