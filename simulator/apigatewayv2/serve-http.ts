// One request through an HTTP API, as a list of steps: quota, stage, route, body, authorisation, integration.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { arn } from '../account.ts';
import { readBody } from '../apigateway/body.ts';
import type { GatewayContext } from '../apigateway/context.ts';
import { IntegrationFailure, invokeForPayload } from '../apigateway/invoke-function.ts';
import { own } from '../apigateway/properties.ts';
import { type Arrival, type GatewayRequest, readRequest, splitStage } from '../apigateway/request.ts';
import { type Api, deployed, type Stage } from './api.ts';
import { httpEvent } from './events/http-event.ts';
import { authoriseHttp, type DecisionCache, HttpRefusal } from './http-authorisation.ts';
import { HTTP_ANSWERS, HTTP_FAILURES, type HttpAnswer, readHttpAnswer, sendHttpAnswer } from './http-response.ts';
import { matchRoute } from './http-routes.ts';

/** `$context.httpMethod`. Unverified on AWS: what others are answered. */
const METHODS = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);

export const serveHttp = async (
  context: GatewayContext,
  api: Api,
  decisions: DecisionCache,
  message: IncomingMessage,
  response: ServerResponse,
  arrival: Arrival,
): Promise<void> => {
  const request = readRequest(message, arrival, context.clock);
  const labels = { api: api.logicalId };
  context.meter.add('http-requests', 1, labels);
  const answer = await answerTo(context, api, decisions, request, message, response);
  const bytes = Math.max(Number(message.headers['content-length'] ?? 0), answer.body.length);
  const more = Math.ceil(bytes / context.quotas.apigatewayv2.billedBytes) - 1;
  if (more > 0) context.meter.add('http-requests', more, labels);
  sendHttpAnswer(response, request, answer);
};

const answerTo = async (
  context: GatewayContext,
  api: Api,
  decisions: DecisionCache,
  request: GatewayRequest,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<HttpAnswer> => {
  const { headerBytes, payloadBytes } = context.quotas.apigatewayv2;
  try {
    if (request.headBytes > headerBytes) return HTTP_ANSWERS.headersTooLarge;
    if (api.disableExecuteApiEndpoint && !request.arrival.mapping) return HTTP_ANSWERS.notFound;
    const { stage, path } = locate(api, request);
    const { routes, integrations, authorizers } = deployed(api, stage);
    const match = METHODS.has(request.method) ? matchRoute(Object.values(routes), request.method, path) : undefined;
    const integration = own(integrations, match?.route.integrationId ?? '');
    if (!match || !integration || integration.functionArn === undefined) return HTTP_ANSWERS.notFound;
    const body = await readBody(message, payloadBytes);
    if (body === 'too-large' || body === 'gone') {
      response.shouldKeepAlive = false;
      return HTTP_ANSWERS.tooLarge;
    }
    const call = { request, apiId: api.id, stage, path, body, message, ...match };
    const authorizer = await authoriseHttp(context, call, own(authorizers, match.route.authorizerId ?? ''), decisions);
    const payload = await invokeForPayload(context, {
      functionArn: integration.functionArn,
      sourceArn: arn('execute-api', `${api.id}/${stage.name}/${match.route.key.replace(' ', '')}`),
      event: httpEvent({ ...call, authorizer }),
      timeoutMs: integration.timeoutMs,
    });
    return readHttpAnswer(payload);
  } catch (error) {
    if (error instanceof HttpRefusal) return error.answer;
    if (!(error instanceof IntegrationFailure)) throw error;
    context.log.warn('http.integration.failed', { api: api.logicalId, reason: error.reason, error });
    return HTTP_FAILURES[error.reason];
  }
};

/** The stage, and the path decoded: what comes after a decoded `?` or `#` is lost, as reported of HTTP APIs. Throws HttpRefusal. */
const locate = (api: Api, request: GatewayRequest): { readonly stage: Stage; readonly path: string } => {
  const { stage: name, rest } = splitStage(request.path, request.arrival);
  const named = own(api.stages, name);
  const stage = named ?? (request.arrival.mapping ? undefined : own(api.stages, '$default'));
  if (!stage) throw new HttpRefusal(HTTP_ANSWERS.notFound);
  const path = named ? rest : request.path;
  try {
    return { stage, path: decodeURIComponent(path).replace(/[?#].*$/s, '') };
  } catch {
    throw new HttpRefusal(HTTP_ANSWERS.badRequest);
  }
};
