// Response header fields as API Gateway is to get them: without those that it makes itself, and with what it would else make up.
// What it renames all the same is listed in docs/limits.md.
import type { HeaderList } from '../../protocol/frames.ts';

/** Made by API Gateway; the origin's would go on as `x-amzn-Remapped-…`. `alt-svc` would send the browser past us. */
const DROPPED: ReadonlySet<string> = new Set(['date', 'server', 'alt-svc']);

/**
 * Without a type, API Gateway says `application/json`. For this one browsers do as if none had been told: they look at the content
 * (WHATWG MIME Sniffing §7).
 */
const UNKNOWN_TYPE = ['Content-Type', 'application/unknown'] as const;

export const platformHeaders = (headers: HeaderList): HeaderList => {
  const kept = headers.filter(([name, value]) => {
    const known = name.toLowerCase();
    // x-amzn-* and our own prefix speak for the platform and for us.
    if (DROPPED.has(known) || known.startsWith('x-amzn-') || known.startsWith('sallyport-')) return false;
    return known !== 'content-type' || value.trim() !== '';
  });
  return kept.some(([name]) => name.toLowerCase() === 'content-type') ? kept : [...kept, UNKNOWN_TYPE];
};
