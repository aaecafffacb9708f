// Who may connect to a WebSocket API: everyone, who signs as IAM wants it, or whom a Lambda authorizer lets in.
import type { IncomingMessage } from 'node:http';
import { arn } from '../account.ts';
import type { GatewayContext } from '../apigateway/context.ts';
import { IntegrationFailure, invokeFunction } from '../apigateway/invoke-function.ts';
import { type GatewayRequest, header } from '../apigateway/request.ts';
import { AwsError } from '../services.ts';
import type { Authorizer, Route } from './api.ts';
import { allows, policyAnswer, stringified } from './authorizer-policy.ts';
import { authorizerEvent, connectArn } from './events/connect-event.ts';
import type { ConnectionFacts } from './events/request-context.ts';
import { HandshakeRefusal } from './handshake.ts';
import { readIdentity } from './identity-source.ts';

export interface ConnectRequest {
  readonly facts: ConnectionFacts;
  readonly request: GatewayRequest;
  readonly message: IncomingMessage;
}

/** What stands in `requestContext.authorizer` and `identity` from now on. Throws HandshakeRefusal. */
export const authoriseConnect = async (
  context: GatewayContext,
  route: Route | undefined,
  authorizer: Authorizer | undefined,
  connect: ConnectRequest,
): Promise<ConnectionFacts> => {
  if (route === undefined || route.authorizationType === 'NONE') return connect.facts;
  if (route.authorizationType === 'AWS_IAM') return bySignature(context, connect);
  if (!authorizer) throw new HandshakeRefusal(500, 'Internal server error');
  return byFunction(context, authorizer, connect);
};

const bySignature = ({ iam, log }: GatewayContext, { facts, message }: ConnectRequest): ConnectionFacts => {
  try {
    const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]));
    const principal = iam.authenticate({ method: 'GET', url: message.url ?? '/', headers, body: Buffer.alloc(0) }, 'execute-api');
    iam.authorize(principal, 'execute-api:Invoke', connectArn(facts));
    return facts;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    log.warn('websocket.connect.refused', { apiId: facts.apiId, error });
    throw new HandshakeRefusal(403, 'Forbidden');
  }
};

const byFunction = async (
  context: GatewayContext,
  authorizer: Authorizer,
  { facts, request }: ConnectRequest,
): Promise<ConnectionFacts> => {
  const event = authorizerEvent(facts, request, context.clock.now());
  const query = new URLSearchParams(request.query);
  const identity = readIdentity(authorizer.identitySources, {
    header: (name) => header(request.headers, name),
    query: (name) => query.get(name) ?? undefined,
    stageVariables: facts.stageVariables ?? {},
    requestContext: event.requestContext,
  });
  if (!identity) throw new HandshakeRefusal(401, 'Unauthorized');

  const started = context.clock.now();
  const answer = await ask(context, authorizer, facts, event);
  const result = policyAnswer.safeParse(answer);
  if (!result.success) {
    context.log.error('websocket.authorizer.malformed', { apiId: facts.apiId, error: result.error });
    throw new HandshakeRefusal(500, 'Internal server error');
  }
  if (!allows(result.data, connectArn(facts))) throw new HandshakeRefusal(403, 'Forbidden');
  const { principalId, context: given } = result.data;
  return { ...facts, authorizer: { principalId, ...stringified(given), integrationLatency: context.clock.now() - started } };
};

const ask = async (context: GatewayContext, authorizer: Authorizer, facts: ConnectionFacts, event: unknown): Promise<unknown> => {
  const { functionArn, id } = authorizer;
  const sourceArn = arn('execute-api', `${facts.apiId}/authorizers/${id}`);
  const timeoutMs = context.quotas.apigatewayv2.integrationMs;
  try {
    const { payload, functionError } = await invokeFunction(context, { functionArn, sourceArn, event, timeoutMs });
    // A function says no by throwing just this.
    if (functionError && errorMessage(payload) === 'Unauthorized') throw new HandshakeRefusal(401, 'Unauthorized');
    if (functionError) throw new IntegrationFailure('function-error', `${functionArn} failed: ${payload}`);
    if (Buffer.byteLength(payload) > context.quotas.apigatewayv2.authorizerResultBytes) {
      throw new IntegrationFailure('malformed', `${functionArn} answered more than an authorizer may.`);
    }
    return JSON.parse(payload);
  } catch (error) {
    if (error instanceof HandshakeRefusal) throw error;
    context.log.error('websocket.authorizer.failed', { apiId: facts.apiId, error });
    throw new HandshakeRefusal(500, 'Internal server error');
  }
};

export const errorMessage = (payload: string): unknown => {
  try {
    return (JSON.parse(payload) as { errorMessage?: unknown } | null)?.errorMessage;
  } catch {
    return undefined;
  }
};
