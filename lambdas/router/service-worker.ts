// An application's service worker, whose script a browser asks for by `Service-Worker: script` whenever it looks for a newer one. What a worker
// keeps to itself we are never asked for; its script we are (docs/service-workers.md).
import type { HeaderList } from '../../protocol/frames.ts';
import { SECURITY_HEADERS } from '../pages/page.ts';
import type { Answer } from './answer.ts';
import type { CanonicalRequest } from './canonical-request.ts';

/** Service Workers, "service worker script request". */
export const isWorkerScript = ({ method, headers }: Pick<CanonicalRequest, 'method' | 'headers'>): boolean =>
  method === 'GET' && headers.some(([name, value]) => name.toLowerCase() === 'service-worker' && value.toLowerCase() === 'script');

/** What a browser without a session gets for it: a worker of ours that steps aside (pages/aside.ts), of whatever scope the other one has. */
export const asideAnswer = (source: string): Answer => ({
  status: 200,
  headers: [...Object.entries(SECURITY_HEADERS), ['Content-Type', 'text/javascript; charset=utf-8'], ['Service-Worker-Allowed', '/']],
  body: source,
});

/** One that is the same to the origin may be another to the browser: the one that it has may be from before we put our part in. */
export const asksWhole = (headers: HeaderList): HeaderList =>
  headers.filter(([name]) => !/^(?:if-none-match|if-modified-since|range|if-range)$/i.test(name));
