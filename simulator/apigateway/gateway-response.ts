// What a REST API itself answers. "Gateway response types for API Gateway" (API Gateway Developer Guide).
import type { ServerResponse } from 'node:http';
import type { FailureReason } from './invoke-function.ts';
import type { GatewayRequest, Header } from './request.ts';

export interface GatewayResponse {
  readonly status: number;
  readonly errorType: string;
  /** The body as AWS writes it. */
  readonly body: string;
}

const response = (status: number, errorType: string, body: string): GatewayResponse => ({ status, errorType, body });

export const GATEWAY_RESPONSES = {
  forbidden: response(403, 'ForbiddenException', '{"message":"Forbidden"}'),
  missingAuthenticationToken: response(403, 'MissingAuthenticationTokenException', '{"message":"Missing Authentication Token"}'),
  tooLarge: response(413, 'RequestTooLargeException', '{"message":"Request Too Long"}'),
  // Unverified on AWS.
  headersTooLarge: response(431, 'RequestHeaderFieldsTooLargeException', '{"message":"Request Header Fields Too Large"}'),
  badRequest: response(400, 'BadRequestException', '{"message":"Bad Request"}'),
  badGateway: response(502, 'InternalServerErrorException', '{"message": "Internal server error"}'),
  internal: response(500, 'InternalServerErrorException', '{"message": "Internal server error"}'),
  timeout: response(504, 'InternalServerErrorException', '{"message": "Endpoint request timed out"}'),
} as const;

/** Unverified on AWS: 500 for a throttled function. */
export const FAILURE_RESPONSES: Readonly<Record<FailureReason, GatewayResponse>> = {
  permission: GATEWAY_RESPONSES.internal,
  throttled: GATEWAY_RESPONSES.internal,
  unavailable: GATEWAY_RESPONSES.internal,
  'event-too-large': GATEWAY_RESPONSES.tooLarge,
  timeout: GATEWAY_RESPONSES.timeout,
  'function-error': GATEWAY_RESPONSES.badGateway,
  malformed: GATEWAY_RESPONSES.badGateway,
};

/** The headers that API Gateway adds to every answer. */
export const identifyingHeaders = (request: GatewayRequest): readonly Header[] => [
  ['x-amzn-RequestId', request.requestId],
  ['x-amz-apigw-id', request.extendedRequestId],
  ['X-Amzn-Trace-Id', request.traceId],
];

export const sendGatewayResponse = (to: ServerResponse, request: GatewayRequest, { status, errorType, body }: GatewayResponse): void => {
  if (to.headersSent || to.destroyed) return;
  const headers: Header[] = [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['x-amzn-ErrorType', errorType],
    ...identifyingHeaders(request),
  ];
  to.writeHead(status, headers.flat()).end(body);
};
