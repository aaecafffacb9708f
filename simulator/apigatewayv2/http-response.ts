// What an HTTP API makes of a function's answer, and what it answers itself.
import { type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';
import { type FailureReason, IntegrationFailure } from '../apigateway/invoke-function.ts';
import type { GatewayRequest, Header } from '../apigateway/request.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: Buffer;
}

const envelope = z.object({
  statusCode: z.coerce.number().int().min(200).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** Of the connection, not of the answer. */
const CONNECTION_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'content-length', 'te', 'trailer']);

/** Without `statusCode` the whole payload is the body. Throws IntegrationFailure `malformed`. */
export const readHttpAnswer = (payload: string): HttpAnswer => {
  const answer = parse(payload);
  if (typeof answer !== 'object' || answer === null || !('statusCode' in answer)) {
    return { status: 200, headers: [['content-type', 'application/json']], body: Buffer.from(payload) };
  }
  const result = envelope.safeParse(answer);
  if (!result.success) throw new IntegrationFailure('malformed', `The function's answer is no response: ${result.error.message}`);
  const { statusCode, headers, cookies, body, isBase64Encoded } = result.data;
  const given = Object.entries(headers ?? {}).filter(([name]) => !CONNECTION_HEADERS.has(name.toLowerCase()));
  const all: Header[] = [...given, ...(cookies ?? []).map((cookie): Header => ['set-cookie', cookie])];
  for (const entry of all) validate(entry);
  if (!all.some(([name]) => name.toLowerCase() === 'content-type')) all.push(['content-type', 'text/plain; charset=utf-8']);
  return { status: statusCode, headers: all, body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8') };
};

const validate = ([name, value]: Header): void => {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch (cause) {
    throw new IntegrationFailure('malformed', `The function answered a header that is none: ${name}.`, { cause });
  }
};

const parse = (payload: string): unknown => {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
};

export const sendHttpAnswer = (to: ServerResponse, request: GatewayRequest, { status, headers, body }: HttpAnswer): void => {
  if (to.headersSent || to.destroyed) return;
  const all: Header[] = [...headers, ['content-length', String(body.length)], ['Apigw-Requestid', request.extendedRequestId]];
  to.writeHead(status, all.flat()).end(body);
};

const own = (status: number, message: string): HttpAnswer => ({
  status,
  headers: [['content-type', 'application/json']],
  body: Buffer.from(JSON.stringify({ message })),
});

export const HTTP_ANSWERS = {
  badRequest: own(400, 'Bad Request'),
  unauthorized: own(401, 'Unauthorized'),
  forbidden: own(403, 'Forbidden'),
  notFound: own(404, 'Not Found'),
  tooLarge: own(413, 'Request Entity Too Large'),
  // Unverified on AWS.
  headersTooLarge: own(431, 'Request Header Fields Too Large'),
  internal: own(500, 'Internal Server Error'),
  unavailable: own(503, 'Service Unavailable'),
} as const;

export const HTTP_FAILURES: Readonly<Record<FailureReason, HttpAnswer>> = {
  permission: HTTP_ANSWERS.internal,
  'function-error': HTTP_ANSWERS.internal,
  malformed: HTTP_ANSWERS.internal,
  'head-too-large': HTTP_ANSWERS.internal,
  unavailable: HTTP_ANSWERS.internal,
  'event-too-large': HTTP_ANSWERS.tooLarge,
  throttled: HTTP_ANSWERS.unavailable,
  timeout: HTTP_ANSWERS.unavailable,
};
