// Whether a download that breaks off can be gone on with where it broke (RFC 9110 §14).
import type { ResponseHead } from './response-inbox.ts';

/** False only when the origin rules it out, or shows no sign that it could: no ranges, and nothing to tell one version from another by. */
export const isResumable = (method: string, { status, headers }: ResponseHead): boolean => {
  if (method !== 'GET') return false;
  const value = (wanted: string): string | undefined => headers.find(([name]) => name.toLowerCase() === wanted)?.[1].toLowerCase();
  const ranges = value('accept-ranges');
  if (ranges !== undefined) return /\bbytes\b/.test(ranges);
  return status === 206 || value('etag') !== undefined || value('last-modified') !== undefined;
};
