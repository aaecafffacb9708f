// A request as it reached API Gateway, before any API has looked at it: nothing is decoded, no header is joined.
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../services.ts';
import { newExtendedId, newRequestId, newTraceRoot } from './ids.ts';

export type Header = readonly [name: string, value: string];

/** By which door a request came in. */
export interface Arrival {
  readonly scheme: 'http' | 'https';
  readonly port: number;
  /** Set when it came in by a custom domain name; else the first segment of its path is the stage. */
  readonly mapping?: { readonly basePath: string; readonly stage: string };
}

export interface GatewayRequest {
  readonly method: string;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** With the client's case and order. */
  readonly headers: readonly Header[];
  readonly host: string;
  readonly protocol: string;
  readonly sourceIp: string;
  readonly arrival: Arrival;
  /** Bytes of the request line and all header lines. */
  readonly headBytes: number;
  readonly receivedAt: number;
  readonly requestId: string;
  readonly extendedRequestId: string;
  readonly traceId: string;
}

export const readRequest = (message: IncomingMessage, arrival: Arrival, clock: Clock): GatewayRequest => {
  const method = message.method ?? 'GET';
  // The absolute form (RFC 9112 §3.2.2) names the host a second time; the Host header decides.
  const target = (message.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '');
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  const headers = pairs(message.rawHeaders);
  const protocol = `HTTP/${message.httpVersion}`;
  const receivedAt = clock.now();
  return {
    method,
    path: path === '' ? '/' : path,
    query: question < 0 ? '' : target.slice(question + 1),
    headers,
    host: hostName(message.headers.host ?? ''),
    protocol,
    sourceIp: (message.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    arrival,
    headBytes: headers.reduce(
      (sum, [name, value]) => sum + name.length + value.length + 4,
      method.length + target.length + protocol.length + 4,
    ),
    receivedAt,
    requestId: newRequestId(),
    extendedRequestId: newExtendedId(),
    traceId: header(headers, 'x-amzn-trace-id') ?? `Root=${newTraceRoot(receivedAt)}`,
  };
};

/** The first value of a header, whatever its case. */
export const header = (headers: readonly Header[], name: string): string | undefined =>
  headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1];

export const hostName = (host: string): string => host.replace(/:\d*$/, '').toLowerCase();

/** The headers that API Gateway itself sets; X-Forwarded-For is continued, the others are replaced. */
export const forwardedHeaders = (request: GatewayRequest): readonly Header[] => {
  const before = request.headers.filter(([name]) => name.toLowerCase() === 'x-forwarded-for').map(([, value]) => value);
  return [
    ['X-Amzn-Trace-Id', request.traceId],
    ['X-Forwarded-For', [...before, request.sourceIp].join(', ')],
    // Differs from AWS: there it is always 443 and https.
    ['X-Forwarded-Port', String(request.arrival.port)],
    ['X-Forwarded-Proto', request.arrival.scheme],
  ];
};

/** `12/Nov/2026:19:03:58 +0000`. */
export const requestTime = (at: number): string => {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(at).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
};

/** The stage and what is left of the path when the stage (or the base path of a custom domain name) is taken off. */
export const splitStage = (path: string, { mapping }: Arrival): { readonly stage: string; readonly rest: string } => {
  if (mapping) return { stage: mapping.stage, rest: mapping.basePath === '' ? path : rooted(path.slice(mapping.basePath.length + 1)) };
  const end = path.indexOf('/', 1);
  return end < 0 ? { stage: path.slice(1), rest: '/' } : { stage: path.slice(1, end), rest: path.slice(end) };
};

const rooted = (path: string): string => (path.startsWith('/') ? path : `/${path}`);

const pairs = (raw: readonly string[]): Header[] => {
  const result: Header[] = [];
  for (let at = 0; at < raw.length; at += 2) result.push([raw[at]!, raw[at + 1]!]);
  return result;
};
