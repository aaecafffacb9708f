// The rules for header fields, both ways. The only place that knows which names belong to a hop, to us, or to nobody.
import type { HeaderList } from './frames.ts';
import { isOfTheRequest, isOfTheUser } from './managed-fields.ts';

/** Fields that concern one connection only: RFC 9110 §7.6.1, and those of RFC 2616 §13.5.1 that are still met. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Every field of ours begins so. */
const INTERNAL_PREFIX = 'sallyport-';

/** Fields by which AWS's front end marks a request; an origin has no use for them. */
const PLATFORM_PREFIXES: readonly string[] = ['x-amzn-', 'x-amz-cf-', 'cloudfront-'];

/**
 * The name as the laxest reader sees it: CGI, WSGI and PHP fold `-`, `_` and `.` into one (CVE-2025-64484, CVE-2026-39858),
 * so a name that folds onto one of ours is taken for it.
 */
export function foldName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-');
}

/** RFC 9110 §5.6.2. */
export const isToken = (name: string): boolean => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);

/** RFC 9110 §5.5: no control characters but the tab. */
export const isFieldValue = (value: string): boolean => /^[\t\x20-\x7e\u0080-\uffff]*$/.test(value);

/** Without the fields of one hop, and without those that `Connection` names. */
export const withoutHopByHop = (headers: HeaderList): HeaderList => {
  const named = new Set(
    headers
      .filter(([name]) => name.toLowerCase() === 'connection')
      .flatMap(([, value]) => value.split(',').map((token) => token.trim().toLowerCase())),
  );
  return headers.filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !named.has(name.toLowerCase()));
};

/** Whether only we say a field to origins, whatever an application's settings are. */
export const isOurs = (name: string): boolean => {
  const folded = foldName(name);
  return folded.startsWith(INTERNAL_PREFIX) || PLATFORM_PREFIXES.some((prefix) => folded.startsWith(prefix)) || isOfTheRequest(folded);
};

/**
 * Without what a client may not say to an origin: our names and those that tell a user (managed-fields.ts), `configured` ones, and whatever
 * begins as one of `prefixes` does, all of them in any spelling. X-Forwarded-For is left for `withForwarded`, which appends to it.
 */
export const withoutManaged = (headers: HeaderList, configured: readonly string[] = [], prefixes: readonly string[] = []): HeaderList => {
  const claimed = new Set(configured.map(foldName));
  const claimedPrefixes = prefixes.map(foldName);
  return headers.filter(([name]) => {
    const folded = foldName(name);
    if (folded === 'x-forwarded-for') return name.toLowerCase() === 'x-forwarded-for' && !claimed.has(folded);
    return !isOurs(name) && !isOfTheUser(folded) && !claimed.has(folded) && !claimedPrefixes.some((prefix) => folded.startsWith(prefix));
  });
};

export interface ForwardedFacts {
  /** The user's address as the ingress saw it. */
  readonly clientAddress: string;
  /** The host that the user asked for, with its port if it is not the default one. */
  readonly host: string;
  readonly proto: 'http' | 'https';
}

/**
 * The request's headers with X-Forwarded-For (the client's address appended to what was there), -Host, -Proto and Forwarded (RFC 7239).
 * Expects headers that went through `withoutManaged`.
 */
export const withForwarded = (headers: HeaderList, { clientAddress, host, proto }: ForwardedFacts): HeaderList => {
  const before = headers.filter(([name]) => name.toLowerCase() === 'x-forwarded-for').map(([, value]) => value.trim());
  const node = clientAddress.includes(':') ? `"[${clientAddress}]"` : clientAddress;
  return [
    ...headers.filter(([name]) => name.toLowerCase() !== 'x-forwarded-for'),
    ['X-Forwarded-For', [...before.filter((value) => value !== ''), clientAddress].join(', ')],
    ['X-Forwarded-Proto', proto],
    ['X-Forwarded-Host', host],
    ['Forwarded', `for=${node};host="${host}";proto=${proto}`],
  ];
};
