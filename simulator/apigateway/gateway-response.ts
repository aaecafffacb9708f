// What a REST API itself answers. "Gateway response types for API Gateway" (API Gateway Developer Guide).
import type { ServerResponse } from 'node:http';
import type { ResponseType } from './custom-responses.ts';
import type { FailureReason } from './invoke-function.ts';
import type { GatewayRequest, Header } from './request.ts';

export interface GatewayResponse {
  readonly status: number;
  readonly errorType: string;
  /** By which a template may word it; null: it is answered before the API is known. */
  readonly type: ResponseType | null;
  /** The body as AWS writes it. */
  readonly body: string;
  /** What the API adds. A later one of a name replaces an earlier. */
  readonly headers?: readonly Header[];
}

const response = (status: number, errorType: string, type: ResponseType | null, body: string): GatewayResponse => ({
  status,
  errorType,
  type,
  body,
});

export const GATEWAY_RESPONSES = {
  forbidden: response(403, 'ForbiddenException', null, '{"message":"Forbidden"}'),
  missingAuthenticationToken: response(
    403,
    'MissingAuthenticationTokenException',
    'MISSING_AUTHENTICATION_TOKEN',
    '{"message":"Missing Authentication Token"}',
  ),
  tooLarge: response(413, 'RequestTooLargeException', 'REQUEST_TOO_LARGE', '{"message":"Request Too Long"}'),
  // Unverified on AWS.
  headersTooLarge: response(431, 'RequestHeaderFieldsTooLargeException', null, '{"message":"Request Header Fields Too Large"}'),
  badRequest: response(400, 'BadRequestException', 'DEFAULT_4XX', '{"message":"Bad Request"}'),
  badGateway: response(502, 'InternalServerErrorException', 'DEFAULT_5XX', '{"message": "Internal server error"}'),
  internal: response(500, 'InternalServerErrorException', 'API_CONFIGURATION_ERROR', '{"message": "Internal server error"}'),
  timeout: response(504, 'InternalServerErrorException', 'INTEGRATION_TIMEOUT', '{"message": "Endpoint request timed out"}'),
} as const satisfies Record<string, GatewayResponse>;

/** Unverified on AWS: 500 for a throttled function. */
export const FAILURE_RESPONSES: Readonly<Record<FailureReason, GatewayResponse>> = {
  permission: GATEWAY_RESPONSES.internal,
  throttled: GATEWAY_RESPONSES.internal,
  unavailable: GATEWAY_RESPONSES.internal,
  'event-too-large': GATEWAY_RESPONSES.tooLarge,
  timeout: GATEWAY_RESPONSES.timeout,
  'function-error': GATEWAY_RESPONSES.badGateway,
  malformed: GATEWAY_RESPONSES.badGateway,
  // As the page on streaming from Lambda says; 502 was observed too.
  'head-too-large': GATEWAY_RESPONSES.internal,
};

/** The headers that API Gateway adds to every answer. */
export const identifyingHeaders = (request: GatewayRequest): readonly Header[] => [
  ['x-amzn-RequestId', request.requestId],
  ['x-amz-apigw-id', request.extendedRequestId],
  ['X-Amzn-Trace-Id', request.traceId],
];

export const sendGatewayResponse = (to: ServerResponse, request: GatewayRequest, given: GatewayResponse): void => {
  if (to.headersSent || to.destroyed) return;
  const { status, errorType, body, headers: added = [] } = given;
  const own: Header[] = [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['x-amzn-ErrorType', errorType],
    ...identifyingHeaders(request),
  ];
  const headers = new Map([...own, ...added].map(([name, value]) => [name.toLowerCase(), [name, value]]));
  to.writeHead(status, [...headers.values()].flat()).end(body);
};
