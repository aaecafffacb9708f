// From the ingress' event to the one request that every pass decides on and that is forwarded (D10).
// What cannot be read in one way only is refused with ERR_REQUEST_INVALID; nothing is repaired.
import { isIP } from 'node:net';
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { isFieldValue, isToken } from '../../protocol/headers.ts';
import { REQUEST_BODY_MAX_BYTES } from '../../protocol/limits.ts';
import type { Edge } from '../../tenants/edge.ts';
import { viewerOf, withoutEdge } from '../edge.ts';
import { canonicalPath } from './canonical-path.ts';

/** What is read of a REST API proxy event (payload version 1). Its single-value maps drop duplicates, so they are not read. */
export interface ProxyEvent {
  readonly httpMethod: string;
  readonly path: string;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>> | null;
  readonly multiValueQueryStringParameters: Readonly<Record<string, readonly string[]>> | null;
  readonly requestContext: {
    readonly requestId: string;
    /** As the client sent it; `path` has lost the slashes before the first name. */
    readonly path: string;
    readonly identity: { readonly sourceIp: string };
  };
  readonly body: string | null;
  readonly isBase64Encoded: boolean;
}

export interface CanonicalRequest {
  /** The ingress' own id of the request, for logs and error pages. */
  readonly id: string;
  readonly method: string;
  /** Lower case, without port or trailing dot. */
  readonly host: string;
  /** As it was sent: `%2F` stays what it is. */
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  /** In the order received, duplicates kept; each character is one byte. */
  readonly headers: HeaderList;
  readonly body: Buffer;
  readonly hasBody: boolean;
  /** The user's, as the first computer that we believe saw it. */
  readonly clientAddress: string;
  /** ISO 3166-1; null when nobody that we believe tells it. */
  readonly country: string | null;
}

/** Methods that expect a body: one that is absent is an empty one (RFC 9110 §8.6). API Gateway hands no Content-Length over. */
const METHODS_WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Throws ERR_REQUEST_INVALID or ERR_BODY_TOO_LARGE. */
export const canonicalRequest = (event: ProxyEvent, edge: Edge | null = null): CanonicalRequest => {
  const peer = canonicalAddress(event.requestContext.identity.sourceIp);
  const sent = canonicalHeaders(event.multiValueHeaders);
  const viewer = viewerOf(edge, sent, peer);
  const headers = withoutEdge(edge, sent, peer);
  const method = canonicalMethod(event.httpMethod);
  const body = canonicalBody(event);
  return {
    id: event.requestContext.requestId,
    method,
    host: canonicalHost(headers),
    path: canonicalPath(sentPath(event)),
    query: canonicalQuery(event.multiValueQueryStringParameters),
    headers,
    body,
    hasBody: body.length > 0 || METHODS_WITH_BODY.has(method),
    clientAddress: viewer.address,
    country: viewer.country,
  };
};

/** The two agree but for those slashes; where they do not, what API Gateway routed by is believed. */
const sentPath = ({ path, requestContext }: ProxyEvent): string =>
  requestContext.path.replace(/^\/+/, '/') === path ? requestContext.path : path;

/** The header fields in order. Also for telling a page load from a program when the rest does not parse. */
export const canonicalHeaders = (fields: ProxyEvent['multiValueHeaders']): HeaderList => {
  const list: [string, string][] = [];
  for (const [name, values] of Object.entries(fields ?? {})) {
    if (!isToken(name)) throw refused('A header field has a name that is no token (RFC 9110 §5.6.2).');
    if (!Array.isArray(values)) throw refused(`The header field ${name} has no list of values.`);
    for (const value of values) {
      if (typeof value !== 'string' || !isFieldValue(value)) throw refused(`The header field ${name} holds a control character.`);
      list.push([name, asBytes(value)]);
    }
  }
  return list;
};

/** A frame carries field values as one character for each byte; what the event decoded further is UTF-8 again. */
const asBytes = (value: string): string => (/[^\0-\xff]/.test(value) ? Buffer.from(value, 'utf8').toString('latin1') : value);

/** TRACE would show a user the headers that are meant for the origin; CONNECT is no request for a resource. */
export const canonicalMethod = (method: string): string => {
  if (!/^[A-Z]{1,20}$/.test(method) || method === 'TRACE' || method === 'CONNECT') throw refused('The method is none that is forwarded.');
  return method;
};

/** The one host that a request names. Throws ERR_REQUEST_INVALID. */
export const canonicalHost = (headers: HeaderList): string => {
  const hosts = headers.filter(([name]) => name.toLowerCase() === 'host').map(([, value]) => value);
  if (hosts.length !== 1) throw refused(`The request has ${hosts.length} Host fields; one is expected (RFC 9112 §3.2).`);
  const match = /^([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*)\.?(?::\d{1,5})?$/.exec(hosts[0]!.toLowerCase());
  if (!match || match[1]!.length > 253) throw refused('The Host field is no host name.');
  return match[1]!;
};

/**
 * The ingress hands the query over decoded, by name: it is encoded again, each part as a component, so `%20` where a `+` was sent.
 * A lone name without a value stays one (`?wsdl` is no `?wsdl=` to those who compare the text).
 */
export const canonicalQuery = (parameters: ProxyEvent['multiValueQueryStringParameters']): string => {
  const pairs = Object.entries(parameters ?? {}).flatMap(([name, values]) => values.map((value) => [name, value] as const));
  if (pairs.length === 0) return '';
  if (pairs.length === 1 && pairs[0]![0] !== '' && pairs[0]![1] === '') return `?${component(pairs[0]![0])}`;
  return `?${pairs.map(([name, value]) => `${component(name)}=${component(value)}`).join('&')}`;
};

/** URL parsers encode the apostrophe in a query, so it is encoded here: what is forwarded is parsed into itself. */
const component = (text: string): string => {
  try {
    return encodeURIComponent(text).replaceAll("'", '%27');
  } catch (cause) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'The query is no Unicode text.', { cause });
  }
};

const canonicalBody = ({ body, isBase64Encoded }: ProxyEvent): Buffer => {
  if (body === null) return Buffer.alloc(0);
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  // Buffer.from() skips what is no base64: a body that came out shorter was not read, it was guessed.
  if (isBase64Encoded && bytes.length !== Buffer.byteLength(body, 'base64')) throw refused('The body is not base64.');
  if (bytes.length > REQUEST_BODY_MAX_BYTES) {
    throw new SallyportError('ERR_BODY_TOO_LARGE', `The body has ${bytes.length} bytes; at most ${REQUEST_BODY_MAX_BYTES} are carried.`);
  }
  return bytes;
};

const canonicalAddress = (address: string): string => {
  if (isIP(address) === 0) throw refused('The ingress gave no client address.');
  return address;
};

const refused = (message: string): SallyportError => new SallyportError('ERR_REQUEST_INVALID', message);
