// Runs the integration of a WebSocket route and says what a route response would hand to the client.
import { z } from 'zod';
import { arn } from '../account.ts';
import type { GatewayContext } from '../apigateway/context.ts';
import { IntegrationFailure, invokeForPayload } from '../apigateway/invoke-function.ts';
import type { Integration } from './api.ts';
import { answerMock } from './mock-integration.ts';

export interface IntegrationCall {
  readonly apiId: string;
  readonly stage: string;
  readonly routeKey: string;
  readonly integration: Integration;
  readonly event: { readonly requestContext: { readonly connectionId: string; readonly requestId: string } };
}

export interface IntegrationAnswer {
  /** Undefined when a function answered in no known form: that fails `$connect`, and a route with a response. */
  readonly status: number | undefined;
  readonly subprotocol: string | undefined;
  readonly payload: string | undefined;
}

const proxyAnswer = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.coerce.string()).nullish(),
  body: z.string().nullish(),
});

/** Throws IntegrationFailure. */
export const runIntegration = async (context: GatewayContext, call: IntegrationCall): Promise<IntegrationAnswer> => {
  const { apiId, stage, routeKey, integration, event } = call;
  if (integration.functionArn === undefined) {
    return { ...answerMock(integration, event.requestContext), subprotocol: undefined };
  }
  const payload = await invokeForPayload(context, {
    functionArn: integration.functionArn,
    sourceArn: arn('execute-api', `${apiId}/${stage}/${routeKey}`),
    event,
    timeoutMs: integration.timeoutMs,
  });
  const result = proxyAnswer.safeParse(parse(payload));
  if (!result.success) return { status: undefined, subprotocol: undefined, payload: undefined };
  const { statusCode, headers, body } = result.data;
  const subprotocol = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'sec-websocket-protocol')?.[1];
  return { status: statusCode, subprotocol, payload: body ?? undefined };
};

/** The words in which a client hears of a failed integration. */
export const failureMessage = (error: unknown): string =>
  error instanceof IntegrationFailure && error.reason === 'timeout' ? 'Endpoint request timed out' : 'Internal server error';

const parse = (payload: string): unknown => {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
};
