// A handshake from its first byte to its acceptance: it stays pending until `$connect` has answered.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GatewayContext } from '../apigateway/context.ts';
import { IntegrationFailure } from '../apigateway/invoke-function.ts';
import { own } from '../apigateway/properties.ts';
import { type GatewayRequest, header, splitStage } from '../apigateway/request.ts';
import { type Api, deployed } from './api.ts';
import { connectEvent } from './events/connect-event.ts';
import { type ConnectionFacts, executeApiDomain } from './events/request-context.ts';
import { HandshakeRefusal, isHandshake } from './handshake.ts';
import { authoriseConnect } from './websocket-authorisation.ts';
import { failureMessage, type IntegrationAnswer, runIntegration } from './websocket-integration.ts';

export interface Accepted {
  readonly facts: ConnectionFacts;
  /** What the integration chose: without its word none is chosen. */
  readonly subprotocol: string | undefined;
}

/** Runs authorisation and `$connect`. Throws HandshakeRefusal. */
export const acceptConnection = async (
  context: GatewayContext,
  api: Api,
  connectionId: string,
  request: GatewayRequest,
  message: IncomingMessage,
): Promise<Accepted> => {
  const { stage: stageName, rest } = splitStage(request.path, request.arrival);
  const stage = own(api.stages, stageName);
  if (!stage || rest !== '/' || (api.disableExecuteApiEndpoint && !request.arrival.mapping)) throw new HandshakeRefusal(403, 'Forbidden');
  if ((message.url ?? '').length > context.quotas.apigatewayv2.urlCharacters) throw new HandshakeRefusal(414, 'Request-URI Too Long');
  if (!isHandshake(request)) throw new HandshakeRefusal(400, 'Bad Request');

  const { routes, integrations, authorizers } = deployed(api, stage);
  const route = Object.values(routes).find(({ key }) => key === '$connect');
  const first: ConnectionFacts = {
    connectionId,
    connectedAt: request.receivedAt,
    sourceIp: request.sourceIp,
    userAgent: header(request.headers, 'user-agent'),
    domainName: request.arrival.mapping ? request.host : executeApiDomain(api.id),
    apiId: api.id,
    stage: stageName,
    stageVariables: stage.variables,
  };
  const facts = await authoriseConnect(context, route, own(authorizers, route?.authorizerId ?? ''), { facts: first, request, message });
  const integration = own(integrations, route?.integrationId ?? '');
  if (!integration) return { facts, subprotocol: undefined };

  const event = connectEvent(facts, request, context.clock.now());
  const answer = await run(context, { apiId: api.id, stage: stageName, routeKey: '$connect', integration, event });
  // Reported of AWS: without a route response, a $connect that no function answers has status 500 all the same.
  if (integration.type === 'MOCK' && !route?.hasResponse) throw new HandshakeRefusal(500, 'Internal server error');
  const { status = 502, subprotocol } = answer;
  if (status < 200 || status > 299) throw new HandshakeRefusal(status, status >= 500 ? 'Internal server error' : 'Forbidden');
  return { facts, subprotocol };
};

const run = async (context: GatewayContext, call: Parameters<typeof runIntegration>[1]): Promise<IntegrationAnswer> => {
  try {
    return await runIntegration(context, call);
  } catch (error) {
    context.log.error('websocket.connect.failed', { apiId: call.apiId, error });
    const late = error instanceof IntegrationFailure && error.reason === 'timeout';
    const broken = error instanceof IntegrationFailure && (error.reason === 'function-error' || error.reason === 'malformed');
    throw new HandshakeRefusal(late ? 504 : broken ? 502 : 500, failureMessage(error));
  }
};

/** Whether the client went away while its handshake was pending. */
export const whetherGone = (socket: Duplex): { readonly gone: boolean } => {
  const state = { gone: false };
  socket.once('close', () => {
    state.gone = true;
  });
  return state;
};
