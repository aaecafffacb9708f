// Who may call a route of an HTTP API: everyone, who signs as IAM wants it, or whom a Lambda authorizer lets in.
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { ACCOUNT_ID, arn } from '../account.ts';
import type { GatewayContext } from '../apigateway/context.ts';
import { IntegrationFailure, invokeFunction } from '../apigateway/invoke-function.ts';
import { header } from '../apigateway/request.ts';
import { AwsError } from '../services.ts';
import type { Authorizer } from './api.ts';
import { allows, policyAnswer, stringified } from './authorizer-policy.ts';
import { type HttpEventParts, httpRequest, httpRequestContext } from './events/http-event.ts';
import { HTTP_ANSWERS, type HttpAnswer } from './http-response.ts';
import { readIdentity } from './identity-source.ts';
import { errorMessage } from './websocket-authorisation.ts';

export type HttpCall = Omit<HttpEventParts, 'authorizer'> & { readonly message: IncomingMessage };

export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer) {
    super(answer.body.toString('utf8'));
    this.answer = answer;
  }
}

export interface Decision {
  readonly allowed: boolean;
  readonly lambda: Readonly<Record<string, unknown>>;
  readonly until: number;
}

/** What an authorizer answered is kept for its time to live, for all routes that use it. */
export type DecisionCache = Map<string, Decision>;

/** What stands in `requestContext.authorizer`. Throws HttpRefusal. */
export const authoriseHttp = async (
  context: GatewayContext,
  call: HttpCall,
  authorizer: Authorizer | undefined,
  cache: DecisionCache,
): Promise<Readonly<Record<string, unknown>> | undefined> => {
  if (call.route.authorizationType === 'NONE') return undefined;
  if (call.route.authorizationType === 'AWS_IAM') return { iam: bySignature(context, call) };
  if (!authorizer) throw new HttpRefusal(HTTP_ANSWERS.internal);
  return { lambda: await byFunction(context, call, authorizer, cache) };
};

const routeArn = ({ apiId, stage, request, path }: HttpCall): string =>
  arn('execute-api', `${apiId}/${stage.name}/${request.method}${path}`);

const bySignature = ({ iam, log }: GatewayContext, call: HttpCall) => {
  const { message, body } = call;
  try {
    const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]));
    const principal = iam.authenticate({ method: message.method ?? 'GET', url: message.url ?? '/', headers, body }, 'execute-api');
    iam.authorize(principal, 'execute-api:Invoke', routeArn(call));
    return { accessKey: principal.accessKeyId, accountId: ACCOUNT_ID, cognitoIdentity: null, principalOrgId: null, userArn: principal.arn };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    log.warn('http.request.refused', { apiId: call.apiId, route: call.route.key, error });
    throw new HttpRefusal(HTTP_ANSWERS.forbidden);
  }
};

const byFunction = async (context: GatewayContext, call: HttpCall, authorizer: Authorizer, cache: DecisionCache) => {
  const query = new URLSearchParams(call.request.query);
  const identity = readIdentity(authorizer.identitySources, {
    header: (name) => header(call.request.headers, name),
    query: (name) => query.get(name) ?? undefined,
    stageVariables: call.stage.variables ?? {},
    requestContext: httpRequestContext(call),
  });
  if (!identity) throw new HttpRefusal(HTTP_ANSWERS.unauthorized);

  const now = context.clock.now();
  const key = JSON.stringify([authorizer.id, identity]);
  const known = cache.get(key);
  const decision =
    known && known.until > now ? known : { ...(await decide(context, call, authorizer, identity)), until: now + authorizer.ttlMs };
  if (authorizer.ttlMs > 0) cache.set(key, decision);
  if (!decision.allowed) throw new HttpRefusal(HTTP_ANSWERS.forbidden);
  return decision.lambda;
};

const simpleAnswer = z.object({ isAuthorized: z.boolean(), context: z.record(z.string(), z.unknown()).nullish() });

const decide = async (
  context: GatewayContext,
  call: HttpCall,
  authorizer: Authorizer,
  identity: readonly string[],
): Promise<Omit<Decision, 'until'>> => {
  const event = {
    ...httpRequest(call),
    type: 'REQUEST',
    routeArn: routeArn(call),
    identitySource: identity,
    requestContext: httpRequestContext(call),
  };
  const answer = await ask(context, call, authorizer, event);
  if (authorizer.simpleResponses) {
    const result = simpleAnswer.safeParse(answer);
    if (result.success) return { allowed: result.data.isAuthorized, lambda: result.data.context ?? {} };
  } else {
    const result = policyAnswer.safeParse(answer);
    if (result.success) return { allowed: allows(result.data, routeArn(call)), lambda: stringified(result.data.context) };
  }
  context.log.error('http.authorizer.malformed', { apiId: call.apiId, route: call.route.key });
  throw new HttpRefusal(HTTP_ANSWERS.internal);
};

const ask = async (context: GatewayContext, call: HttpCall, { functionArn, id }: Authorizer, event: unknown): Promise<unknown> => {
  const sourceArn = arn('execute-api', `${call.apiId}/authorizers/${id}`);
  try {
    const { payload, functionError } = await invokeFunction(context, {
      functionArn,
      sourceArn,
      event,
      timeoutMs: context.quotas.apigatewayv2.authorizerMs,
    });
    if (functionError && errorMessage(payload) === 'Unauthorized') throw new HttpRefusal(HTTP_ANSWERS.unauthorized);
    if (functionError) throw new IntegrationFailure('function-error', `${functionArn} failed: ${payload}`);
    return JSON.parse(payload);
  } catch (error) {
    if (error instanceof HttpRefusal) throw error;
    context.log.error('http.authorizer.failed', { apiId: call.apiId, error });
    throw new HttpRefusal(HTTP_ANSWERS.internal);
  }
};
