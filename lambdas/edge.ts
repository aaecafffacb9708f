// A CDN in front of the deployment, where the tenant has one. What it tells of a user is believed of requests that prove to have come
// through it, by a secret that it alone adds. To anything else under these names nobody listens, and no application gets it.
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { SallyportError } from '../protocol/errors.ts';
import type { HeaderList } from '../protocol/frames.ts';
import { foldName } from '../protocol/headers.ts';
import type { Edge } from '../tenants/edge.ts';
import { countOrNull, filled, shaped, textOrNull, texts } from './stores/record-shape.ts';

/** As the first computer that we believe saw the user. */
export interface Viewer {
  readonly address: string;
  /** ISO 3166-1, two capital letters; null when it is not known. */
  readonly country: string | null;
}

/** A function's EDGE, as lib/ writes it; null where there is no CDN. Throws ERR_CONFIGURATION_INVALID. */
export const readEdge = (text: string): Edge | null => {
  const value: unknown = JSON.parse(text);
  if (value === null || isEdge(value)) return value;
  throw new SallyportError('ERR_CONFIGURATION_INVALID', 'EDGE must be null or the settings of an edge: deploy the stack again.');
};

const isEdge = shaped<Edge>({
  secretHeader: filled,
  secretDigests: texts,
  addressHeader: filled,
  countryHeader: textOrNull,
  readTimeout: countOrNull,
});

/** `peer` is who opened the connection. Throws ERR_REQUEST_INVALID when the CDN itself does not say for whom it asks. */
export const viewerOf = (edge: Edge | null, headers: HeaderList, peer: string): Viewer => {
  if (edge === null || !isProven(edge, headers)) return { address: peer, country: null };
  const address = addressIn(edge.addressHeader, only(headers, edge.addressHeader) ?? '');
  if (isIP(address) === 0)
    throw new SallyportError('ERR_REQUEST_INVALID', `The edge gave no client address: one ${edge.addressHeader} was expected.`);
  const country = edge.countryHeader === null ? null : only(headers, edge.countryHeader);
  return { address, country: country !== null && /^[A-Z]{2}$/.test(country) && country !== NOWHERE ? country : null };
};

/** For logs, limits and lists: where a request comes from as far as can be told, whatever else is wrong with it. */
export const sourceOf = (edge: Edge | null, headers: () => HeaderList, peer: string): Viewer => {
  try {
    return viewerOf(edge, headers(), peer);
  } catch {
    return { address: peer, country: null };
  }
};

/** The header fields as if the CDN had opened no connection of its own: without what it tells us, and without its own hop. */
export const withoutEdge = (edge: Edge | null, headers: HeaderList, peer: string): HeaderList => {
  if (edge === null) return headers;
  const told = new Set(
    [edge.secretHeader, edge.addressHeader, edge.countryHeader].flatMap((name) => (name === null ? [] : [foldName(name)])),
  );
  const proven = isProven(edge, headers);
  return headers.flatMap(([name, value]) => {
    if (told.has(foldName(name))) return [];
    return [[name, proven && name.toLowerCase() === 'x-forwarded-for' ? withoutLastHop(value, peer) : value] as const];
  });
};

/** API Gateway appends the address of whoever opened the connection. */
export const withoutLastHop = (forwardedFor: string, address: string): string => {
  const hops = forwardedFor.split(',').map((hop) => hop.trim());
  return (hops.at(-1) === address ? hops.slice(0, -1) : hops).join(', ');
};

/** What Cloudflare says where it does not know. */
const NOWHERE = 'XX';
/** They tell the port, too: `198.51.100.10:46532`, and no brackets around an IPv6 address. */
const WITH_PORT: ReadonlySet<string> = new Set(['cloudfront-viewer-address']);

const addressIn = (name: string, value: string): string => (WITH_PORT.has(name.toLowerCase()) ? value.replace(/:\d{1,5}$/, '') : value);

const isProven = ({ secretHeader, secretDigests }: Edge, headers: HeaderList): boolean => {
  const secret = only(headers, secretHeader);
  if (secret === null) return false;
  const digest = createHash('sha256').update(secret).digest();
  return secretDigests.map((known) => timingSafeEqual(digest, Buffer.from(known, 'hex'))).includes(true);
};

/** Two values are two readings, and count as none. */
const only = (headers: HeaderList, wanted: string): string | null => {
  const values = headers.filter(([name]) => name.toLowerCase() === wanted.toLowerCase()).map(([, value]) => value);
  return values.length === 1 ? values[0]! : null;
};
