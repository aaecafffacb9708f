// The event of an HTTP API's Lambda integration, payload format 2.0: path decoded, headers in lower case and joined.
// "Create AWS Lambda proxy integrations for HTTP APIs" (API Gateway Developer Guide).
import { ACCOUNT_ID } from '../../account.ts';
import { forwardedHeaders, type GatewayRequest, header, requestTime } from '../../apigateway/request.ts';
import type { Route, Stage } from '../api.ts';

export interface HttpEventParts {
  readonly request: GatewayRequest;
  readonly apiId: string;
  readonly stage: Stage;
  readonly route: Route;
  /** Decoded, without stage or mapping key. */
  readonly path: string;
  readonly pathParameters: Readonly<Record<string, string>> | undefined;
  readonly authorizer: Readonly<Record<string, unknown>> | undefined;
  readonly body: Buffer;
}

export const httpEvent = (parts: HttpEventParts) => {
  const { request, stage, route, authorizer, body } = parts;
  const binary = !isText(header(request.headers, 'content-type'), header(request.headers, 'content-encoding'));
  return {
    ...httpRequest(parts),
    requestContext: httpRequestContext(parts, authorizer),
    ...(body.length > 0 && { body: body.toString(binary ? 'base64' : 'utf8') }),
    ...(parts.pathParameters && { pathParameters: parts.pathParameters }),
    isBase64Encoded: body.length > 0 && binary,
    ...(stage.variables && { stageVariables: stage.variables }),
    routeKey: route.key,
  };
};

type RequestParts = Omit<HttpEventParts, 'body' | 'authorizer'>;

/** What the events of integration and authorizer have in common. */
export const httpRequest = ({ request, stage, route, path }: RequestParts) => {
  const headers = joinedHeaders(request);
  const cookies = (headers.cookie ?? '')
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '');
  delete headers.cookie;
  const query = joined([...new URLSearchParams(request.query)]);
  return {
    version: '2.0',
    routeKey: route.key,
    rawPath: rawPath(request, stage, path),
    rawQueryString: request.query,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...(Object.keys(query).length > 0 && { queryStringParameters: query }),
  };
};

export const httpRequestContext = (parts: RequestParts, authorizer?: Readonly<Record<string, unknown>>) => {
  const { request, apiId, stage, route, path } = parts;
  return {
    accountId: ACCOUNT_ID,
    apiId,
    ...(authorizer && { authorizer }),
    domainName: request.host,
    domainPrefix: request.host.split('.')[0] ?? '',
    http: {
      method: request.method,
      path: rawPath(request, stage, path),
      protocol: request.protocol,
      sourceIp: request.sourceIp,
      userAgent: header(request.headers, 'user-agent') ?? '',
    },
    requestId: request.extendedRequestId,
    routeKey: route.key,
    stage: stage.name,
    time: requestTime(request.receivedAt),
    timeEpoch: request.receivedAt,
  };
};

/** Every stage but `$default` stands before the path, and so does the key of an API mapping. */
const rawPath = ({ arrival }: GatewayRequest, stage: Stage, path: string): string => {
  const key = arrival.mapping?.basePath ?? '';
  return `${stage.name === '$default' ? '' : `/${stage.name}`}${key === '' ? '' : `/${key}`}${path}`;
};

/** Bodies of other types come in base64. Unverified on AWS: the exact list. */
const isText = (contentType = '', contentEncoding = ''): boolean =>
  contentEncoding === '' &&
  /^(text\/.*|application\/(.*\+)?(json|xml)|application\/javascript)$/.test(contentType.split(';')[0]!.trim().toLowerCase());

const joinedHeaders = (request: GatewayRequest): Record<string, string> => {
  const set = forwardedHeaders(request).map(([name, value]) => [name.toLowerCase(), value] as const);
  const names = new Set(set.map(([name]) => name));
  const sent = request.headers.map(([name, value]) => [name.toLowerCase(), value] as const);
  const kept = sent.filter(([name]) => !names.has(name) && name !== 'cookie');
  const cookies = sent.filter(([name]) => name === 'cookie').map(([, value]) => value);
  const headers = joined([...kept, ...set]);
  if (cookies.length > 0) headers.cookie = cookies.join(';');
  return headers;
};

const joined = (pairs: ReadonlyArray<readonly [string, string]>): Record<string, string> => {
  const result = new Map<string, string>();
  for (const [name, value] of pairs) result.set(name, result.has(name) ? `${result.get(name)},${value}` : value);
  return Object.fromEntries(result);
};
