// Whether a request is a person's page load, which is answered by pages and redirects, or a program's, which is not.
import type { HeaderList } from '../../protocol/frames.ts';

/** Browsers say it (Fetch Metadata); for others, a GET or HEAD that asks for HTML. */
export const isPageLoad = (method: string, headers: HeaderList): boolean => {
  const mode = first(headers, 'sec-fetch-mode');
  if (mode !== null) return mode.toLowerCase() === 'navigate';
  return (method === 'GET' || method === 'HEAD') && acceptsHtml(headers);
};

const acceptsHtml = (headers: HeaderList): boolean => (first(headers, 'accept') ?? '').toLowerCase().includes('text/html');

const first = (headers: HeaderList, wanted: string): string | null => headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? null;
