// Requests: what the origin sees otherwise than it was sent, queries apart.

import type { Field } from './message.ts';
import type { Seen } from './recording-origin.ts';
import { compare, type Rule, without } from './rule.ts';

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];
const METHODS_WITH_BODY = ['PATCH', 'POST', 'PUT'];
/** RFC 9110 §7.6.1, and those of older days that are still met. */
const HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'http2-settings',
];
const WITHHELD = ['content-md5', 'expect', 'max-forwards', 'server', 'www-authenticate'];
/** As CGI, WSGI and PHP fold a name. */
const folded = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-');
const MANAGED =
  /^(?:forwarded|via|x-forwarded-(?:host|port|proto|protocol|scheme|ssl|prefix|server|user|email|groups|uri|method|path)|x-original-(?:url|host|uri)|x-rewrite-url|x-real-ip|(?:x|x-cluster|true)-client-ip|x-url-scheme|front-end-https|(?:x-)?remote-.*|x-webauth-.*|(?:x-)?ssl-.*|proxy|sallyport-.*)$/;

const ABSOLUTE = /^https?:\/\/[^/]+/;
const pathOf = (target: string): string => target.replace(ABSOLUTE, '').split('?')[0]!;

const keeping = (seen: Seen, keep: (name: string, value: string) => boolean): Seen => ({
  ...seen,
  fields: seen.fields.filter(([name, value]) => keep(name, value)),
});
const headBytes = ({ method, target, fields }: { method: string; target: string; fields: Seen['fields'] }): number =>
  fields.reduce((sum, [name, value]) => sum + name.length + value.length + 4, method.length + target.length + 12);

const asksForPage = (fields: readonly Field[]): boolean => {
  const said = (wanted: string) => fields.find(([name]) => name.toLowerCase() === wanted)?.[1].toLowerCase();
  const destination = said('sec-fetch-dest');
  return destination === undefined ? /text\/html|xhtml/.test(said('accept') ?? '') : /^(?:document|i?frame)$/.test(destination);
};

const WEAK = /W\/("[^"]*")/g;

const asApplicationKnows = ([name, value]: Field): Field => {
  if (name.toLowerCase() === 'if-match') return [name, value.replaceAll(WEAK, '$1')];
  if (name.toLowerCase() !== 'if-none-match') return [name, value];
  const strong = new Set(value.replaceAll(WEAK, '').match(/"[^"]*"/g));
  return [name, [value, ...[...value.matchAll(WEAK)].map(([, tag]) => tag!).filter((tag) => !strong.has(tag))].join(', ')];
};

export const REQUEST_RULES: readonly Rule[] = [
  {
    name: 'methods',
    what: 'Methods other than GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS are refused with 403: no WebDAV',
    source: 'API Gateway, `$context.httpMethod`',
    refuses: ({ sent }) => (METHODS.includes(sent.method) ? null : { status: 403, body: 'Missing Authentication Token', reached: false }),
  },
  {
    name: 'request-head-size',
    what: 'A request line and header fields of more than 10,240 bytes together are refused with 431',
    source: 'API Gateway: “Total combined size of request line and header values”',
    refuses: ({ sent }) => (headBytes(sent) > 10_240 ? { status: 431, body: 'Request Header Fields Too Large', reached: false } : null),
  },
  {
    name: 'request-body-size',
    what: 'A request body of more than 4.4 MB is refused with 413, before anything reaches the application',
    source: 'Lambda: an event of 6 MB, base64 included',
    refuses: ({ sent }) => ((sent.body?.length ?? 0) > 4_400_000 ? { status: 413, body: 'ERR_BODY_TOO_LARGE', reached: false } : null),
  },
  {
    name: 'ping',
    what: 'API Gateway answers `/ping` and `/sping` by itself. An application that needs them is published with a path',
    source: 'API Gateway: “reserved for the service health check”',
    refuses: ({ sent }) => (/^\/s?ping(?:\?|$)/.test(sent.target) ? { status: 200, body: 'Healthy', reached: false } : null),
  },
  {
    name: 'reserved-path',
    what: 'What any server reads as below `/.sallyport/` is ours, or refused with 400',
    source: 'ours: sign-in and sign-out live there',
    refuses: ({ sent }) => {
      if (!/sallyport/i.test(pathOf(sent.target))) return null;
      return /^\/\.sallyport\/[^%]*$/.test(sent.target)
        ? { status: 404, body: 'ERR_APPLICATION_UNKNOWN', reached: false }
        : { status: 400, body: 'ERR_REQUEST_INVALID', reached: false };
    },
  },
  {
    name: 'request-page-origin',
    what: 'What a page of another origin sends by a method that may change something is refused with 403, unless `calls` or `cors` let it',
    source: 'ours: `crossOriginRequests`; applications below one domain are one site',
    refuses: ({ sent }) =>
      !['GET', 'HEAD', 'OPTIONS'].includes(sent.method) && sent.fields.some(([name]) => name.toLowerCase() === 'origin')
        ? { status: 403, body: 'ERR_PAGE_ORIGIN', reached: false }
        : null,
  },
  {
    name: 'robots',
    what: '`/robots.txt` turns crawlers away, without a sign-in, unless the application is to answer',
    source: 'ours: `robots`',
    refuses: ({ sent }) =>
      /^(?:GET|HEAD) \/robots\.txt(?:\?|$)/.test(`${sent.method} ${sent.target}`)
        ? { status: 200, body: 'Disallow: /', reached: false }
        : null,
  },
  {
    name: 'path-raw-bytes',
    what: 'Raw bytes beyond ASCII in a path are refused with 400; browsers send them encoded',
    source: 'HTTP: RFC 3986 §2, they are no URI, and servers differ about their charset',
    refuses: ({ sent }) => (/[^\x21-\x7e]/.test(pathOf(sent.target)) ? { status: 400, body: '', reached: false } : null),
  },
  {
    name: 'request-absolute-form',
    what: 'A target in absolute form arrives as path and query',
    source: 'HTTP: RFC 9112 §3.2.1',
    request: (seen) => ({ ...seen, target: seen.target.replace(ABSOLUTE, '') }),
  },
  {
    name: 'request-order',
    what: 'Header fields of one name keep their order, different names do not; names keep their spelling',
    source: 'API Gateway: the event has them by name',
    request: (seen) => ({ ...seen, fields: [...seen.fields].sort(([one], [other]) => compare(one, other)) }),
  },
  {
    name: 'http-version',
    what: 'The connector asks by HTTP/1.1, whatever the user asked by',
    source: 'HTTP: a version is one of a connection (RFC 9110 §2.5)',
    request: (seen) => ({ ...seen, version: '1.1' }),
  },
  {
    name: 'request-hop-fields',
    what: 'Fields of one connection end with it: Connection, Keep-Alive, Proxy-…, TE, Trailer, Upgrade, HTTP2-Settings',
    source: 'HTTP: RFC 9110 §7.6.1',
    request: (seen) => without(seen, ...HOP),
    arrived: (seen) => without(seen, 'connection'),
  },
  {
    name: 'request-withheld-fields',
    what: 'Content-MD5, Expect, Max-Forwards, Server and WWW-Authenticate of a request do not arrive',
    source: 'API Gateway, observed for Lambda proxy integrations',
    request: (seen) => without(seen, ...WITHHELD),
  },
  {
    name: 'request-coding',
    what: 'A body that was sent in chunks arrives with its length',
    source: 'API Gateway: it has the whole request before it invokes',
    request: (seen) => (seen.coding === 'chunked' ? { ...seen, coding: 'length' } : seen),
  },
  {
    name: 'request-trailers',
    what: 'Trailers of a request do not arrive',
    source: 'API Gateway: an event has no place for them',
    request: (seen) => (seen.trailers.length > 0 ? { ...seen, trailers: [] } : seen),
  },
  {
    name: 'request-empty-body',
    what: 'An absent body and an empty one are the same: POST, PUT and PATCH have `Content-Length: 0`, others none',
    source: 'API Gateway: Content-Length is not handed over; RFC 9110 §8.6',
    request: (seen) => (seen.body.length > 0 ? seen : { ...seen, coding: METHODS_WITH_BODY.includes(seen.method) ? 'length' : 'none' }),
  },
  {
    name: 'request-managed-fields',
    what: 'Fields by which servers are told, by whoever stands before them, what a request is and who sent it, in any spelling: Forwarded, Via, X-Forwarded-…, X-Real-IP, X-Original-URL, Remote-User, SSL_CLIENT_…, and [others](../protocol/managed-fields.ts)',
    source: 'ours: header spoofing (CVE-2025-64484, CVE-2026-39858)',
    request: (seen) =>
      keeping(
        seen,
        (name) => !MANAGED.test(folded(name)) && (folded(name) !== 'x-forwarded-for' || name.toLowerCase() === 'x-forwarded-for'),
      ),
  },
  {
    name: 'request-platform-fields',
    what: 'Fields by which AWS marks a request: X-Amzn-…, X-Amz-Cf-…, CloudFront-…, and an Authorization that holds AWS’s own signature',
    source: 'API Gateway, and ours: an origin has no use for them',
    request: (seen) =>
      keeping(
        seen,
        (name, value) =>
          !/^(?:x-amzn-|x-amz-cf-|cloudfront-)/.test(folded(name)) &&
          !(name.toLowerCase() === 'authorization' && value.startsWith('AWS4-')),
      ),
  },
  {
    name: 'request-cookies',
    what: 'Several Cookie fields become one; our own cookies are not in it',
    source: 'ours: an application never sees a session (RFC 9113 §8.2.3 allows the joining)',
    request: (seen) => {
      const pairs = seen.fields
        .filter(([name]) => name.toLowerCase() === 'cookie')
        .flatMap(([, value]) => value.split(';'))
        .map((pair) => pair.trim())
        .filter((pair) => pair !== '' && !/^__host-sallyport-/i.test(pair));
      const others = without(seen, 'cookie');
      return pairs.length === 0 ? others : { ...others, fields: [...others.fields, ['Cookie', pairs.join('; ')]] };
    },
  },
  {
    name: 'request-forwarded',
    what: 'X-Forwarded-For (the user’s address appended), -Proto, -Host and Forwarded tell the origin who asked, and for what',
    source: 'ours; RFC 7239',
    request: (seen, { authority }) => {
      const before = seen.fields.filter(([name]) => name.toLowerCase() === 'x-forwarded-for').map(([, value]) => value);
      const others = without(seen, 'x-forwarded-for');
      return {
        ...others,
        fields: [
          ...others.fields,
          ['X-Forwarded-For', [...before, '127.0.0.1'].join(', ')],
          ['X-Forwarded-Proto', 'http'],
          ['X-Forwarded-Host', authority],
          ['Forwarded', `for=127.0.0.1;host="${authority}";proto=http`],
        ],
      };
    },
  },
  {
    name: 'request-page-validators',
    what: 'A request for a page names validators as the application knows them: `If-None-Match: W/"1"` becomes `W/"1", "1"`, `If-Match: W/"1"` becomes `"1"`',
    source: 'ours: a page that gets a script of ours has a weak validator (RFC 9110 §8.8.1)',
    request: (seen) => (asksForPage(seen.fields) ? { ...seen, fields: seen.fields.map(asApplicationKnows) } : seen),
  },
  {
    name: 'request-host',
    what: 'Host is that of the internal or of the external URL, by setting, in lower case',
    source: 'ours: `hostHeader`',
    request: (seen, { authority }) => ({
      ...seen,
      fields: seen.fields.map(([name, value]) =>
        name.toLowerCase() === 'host' ? (['Host', authority] as const) : ([name, value] as const),
      ),
    }),
    arrived: (seen) => ({
      ...seen,
      fields: seen.fields.map(([name, value]) => (name.toLowerCase() === 'host' ? (['Host', value] as const) : ([name, value] as const))),
    }),
  },
];
