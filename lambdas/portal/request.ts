// A request to the portal, from API Gateway's event, and the answers that are not pages.
import type { Edge } from '../../tenants/edge.ts';
import { sourceOf } from '../edge.ts';
import type { HttpEvent } from '../http-api.ts';
import { SECURITY_HEADERS } from '../pages/page.ts';

export interface PortalEvent extends HttpEvent {
  readonly cookies?: readonly string[];
}

export interface PortalRequest {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** As it was sent. */
  readonly rawQuery: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As the browser sent them, each `name=value`. */
  readonly cookies: readonly string[];
  readonly body: string;
  /** Where it comes from. */
  readonly address: string;
  /** Null when it is not known. */
  readonly country: string | null;
}

export interface PortalAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
}

export const toRequest = (event: PortalEvent, edge: Edge | null): PortalRequest => ({
  // Without the padding that API Gateway gives it: it is copied, and stands in a path of the control API.
  id: event.requestContext.requestId.replaceAll('=', ''),
  method: event.requestContext.http.method,
  path: event.rawPath,
  query: new URLSearchParams(event.rawQueryString ?? ''),
  rawQuery: event.rawQueryString ?? '',
  headers: event.headers,
  cookies: event.cookies ?? [],
  body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString('utf8'),
  ...sourceOf(edge, () => Object.entries(event.headers).map(([name, value = '']) => [name, value]), event.requestContext.http.sourceIp),
});

/** 303: whatever the method was, the browser goes on with GET. */
export const redirectTo = (url: string, cookies: readonly string[] = []): PortalAnswer => ({
  statusCode: 303,
  headers: { ...SECURITY_HEADERS, Location: url },
  cookies,
});

/** Whether a person's browser loads a page, rather than a script or a program asking. */
export const isPageLoad = ({ headers }: Pick<PortalRequest, 'headers'>): boolean => {
  const mode = headers['sec-fetch-mode'];
  return mode === undefined ? (headers.accept ?? '').toLowerCase().includes('text/html') : mode === 'navigate';
};

/** The fields of a form that was posted. */
export const formOf = ({ body }: Pick<PortalRequest, 'body'>): URLSearchParams => new URLSearchParams(body);

/** The one value of a parameter; null when it is absent. Two values are two readings, and count as none. */
export const single = (parameters: URLSearchParams, name: string): string | null => {
  const values = parameters.getAll(name);
  return values.length === 1 ? values[0]! : null;
};
