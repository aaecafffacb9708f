// One request through a REST API, as a list of steps: quota, stage, resource, authorisation, body, integration.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { arn } from '../account.ts';
import { AwsError } from '../services.ts';
import { readBody } from './body.ts';
import { readBufferedResponse } from './buffered-response.ts';
import type { GatewayContext } from './context.ts';
import { type CustomResponses, customised } from './custom-responses.ts';
import { FAILURE_RESPONSES, GATEWAY_RESPONSES, type GatewayResponse, identifyingHeaders, sendGatewayResponse } from './gateway-response.ts';
import { IntegrationFailure, type Invocation, invokeForPayload, invokeStreaming } from './invoke-function.ts';
import { own } from './properties.ts';
import { proxyEvent, readQuery } from './proxy-event.ts';
import { type Arrival, type GatewayRequest, header, readRequest, splitStage } from './request.ts';
import type { ResponseHead } from './response-head.ts';
import { type Match, type Method, matchResource, type RestApi, type Stage } from './rest-api.ts';
import { relayStream } from './streaming-response.ts';

/** `$context.httpMethod`; Unverified on AWS: what others are answered. */
const METHODS = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);
/** "The plain text pipe character and the curly brace are not supported for any request URL query string." */
const UNSUPPORTED_IN_QUERY = /[|{}]/;

interface Found {
  readonly stage: Stage;
  readonly match: Match;
  readonly method: Method;
  readonly path: string;
}

class Refusal extends Error {
  readonly response: GatewayResponse;
  constructor(response: GatewayResponse) {
    super(response.body);
    this.response = response;
  }
}

export const serveRest = async (
  context: GatewayContext,
  api: RestApi,
  message: IncomingMessage,
  response: ServerResponse,
  arrival: Arrival,
): Promise<void> => {
  const request = readRequest(message, arrival, context.clock);
  const labels = { api: api.logicalId };
  context.meter.add('rest-requests', 1, labels);
  let customs: CustomResponses = {};
  try {
    const stage = findStage(context, api, request);
    customs = api.deployments[stage.deploymentId]?.customResponses ?? {};
    const found = find(api, request, stage);
    const body = await bodyWithin(message, context.quotas.apigateway.payloadBytes);
    authorise(context, api, message, found, body);
    const invocation: Invocation = {
      functionArn: found.method.functionArn,
      sourceArn: sourceArn(api, request, found),
      event: proxyEvent({ request, api, body, ...found }),
      timeoutMs: found.method.timeoutMs,
    };
    if (!found.method.streaming) {
      return sendBuffered(request, response, api, await invokeForPayload(context, invocation));
    }
    const stream = await invokeStreaming(context, invocation);
    const quotas = context.quotas.apigateway;
    const { bytes } = await relayStream({
      stream,
      response,
      clock: context.clock,
      quotas,
      idleMs: api.edge ? quotas.streamIdleEdgeMs : quotas.streamIdleMs,
      timeoutMs: found.method.timeoutMs,
      writeHead: (head) => writeHead(request, response, head),
    });
    const billed = Math.ceil(bytes / quotas.billedBytes) - 1;
    if (billed > 0) context.meter.add('rest-requests', billed, labels);
  } catch (error) {
    if (!(error instanceof Refusal) && !(error instanceof IntegrationFailure)) throw error;
    if (error instanceof IntegrationFailure)
      context.log.warn('rest.integration.failed', { api: api.logicalId, reason: error.reason, error });
    const given = error instanceof Refusal ? error.response : FAILURE_RESPONSES[error.reason];
    sendGatewayResponse(response, request, customised(given, customs, request));
  }
};

const findStage = ({ quotas }: GatewayContext, api: RestApi, request: GatewayRequest): Stage => {
  if (request.headBytes > quotas.apigateway.headerBytes) throw new Refusal(GATEWAY_RESPONSES.headersTooLarge);
  if (api.disableExecuteApiEndpoint && !request.arrival.mapping) throw new Refusal(GATEWAY_RESPONSES.forbidden);
  const stage = own(api.stages, splitStage(request.path, request.arrival).stage);
  if (!stage) throw new Refusal(GATEWAY_RESPONSES.forbidden);
  return stage;
};

const find = (api: RestApi, request: GatewayRequest, stage: Stage): Found => {
  if (UNSUPPORTED_IN_QUERY.test(request.query) || !isReadable(request.query)) throw new Refusal(GATEWAY_RESPONSES.badRequest);
  // Slashes before the first name are one to it (observed); in requestContext.path they are as many as came.
  const path = splitStage(request.path, request.arrival).rest.replace(/^\/+/, '/');
  const match = matchResource(api.deployments[stage.deploymentId]?.resources ?? {}, api.rootId, path);
  const method = METHODS.has(request.method) ? (match?.resource.methods[request.method] ?? match?.resource.methods.ANY) : undefined;
  if (!match || !method) throw new Refusal(GATEWAY_RESPONSES.missingAuthenticationToken);
  return { stage, match, method, path };
};

const isReadable = (query: string): boolean => {
  try {
    readQuery(query);
    return true;
  } catch {
    return false;
  }
};

/** What is left of a body that is refused is read and dropped after the answer: a connection closed before would take the answer with it. */
const bodyWithin = async (message: IncomingMessage, limit: number): Promise<Buffer> => {
  const body = await readBody(message, limit);
  if (body === 'too-large' || body === 'gone') throw new Refusal(GATEWAY_RESPONSES.tooLarge);
  return body;
};

const authorise = (context: GatewayContext, api: RestApi, message: IncomingMessage, { method, stage, path }: Found, body: Buffer): void => {
  if (method.authorizationType === 'NONE') return;
  try {
    const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]));
    const principal = context.iam.authenticate({ method: message.method ?? 'GET', url: message.url ?? '/', headers, body }, 'execute-api');
    context.iam.authorize(principal, 'execute-api:Invoke', arn('execute-api', `${api.id}/${stage.name}/${message.method}${path}`));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new Refusal({ status: 403, errorType: error.code, type: 'ACCESS_DENIED', body: JSON.stringify({ message: error.message }) });
  }
};

/** Parameters of the path stand as `*`. */
const sourceArn = (api: RestApi, { method }: GatewayRequest, { stage, match }: Found): string =>
  arn('execute-api', `${api.id}/${stage.name}/${method}${match.resourcePath.replace(/\{[^}]+\}/g, '*')}`);

const writeHead = (request: GatewayRequest, response: ServerResponse, { status, headers }: ResponseHead): void => {
  response.writeHead(status, [...headers, ...identifyingHeaders(request)].flat());
  // Unverified on AWS: one byte for each character. flushHeaders() would write UTF-8. A head without a body goes out with end().
  response.write(Buffer.alloc(0));
  response.socket?.uncork();
};

const sendBuffered = (request: GatewayRequest, response: ServerResponse, api: RestApi, payload: string): void => {
  const { body, status, headers } = readBufferedResponse(payload, api.binaryMediaTypes, header(request.headers, 'accept'));
  writeHead(request, response, { status, headers: [...headers, ['Content-Length', String(body.length)]] });
  response.end(body);
};
