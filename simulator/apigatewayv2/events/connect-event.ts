// The CONNECT event, and the same request as the authorizer sees it. Header names keep the client's case.
import { arn } from '../../account.ts';
import { forwardedHeaders, type GatewayRequest, type Header } from '../../apigateway/request.ts';
import { type ConnectionFacts, requestContext } from './request-context.ts';

/** `arn:aws:execute-api:…:<api>/<stage>/$connect`. */
export const connectArn = ({ apiId, stage }: Pick<ConnectionFacts, 'apiId' | 'stage'>): string =>
  arn('execute-api', `${apiId}/${stage}/$connect`);

const request = (facts: ConnectionFacts, from: GatewayRequest) => {
  const set = forwardedHeaders(from);
  const names = new Set(set.map(([name]) => name.toLowerCase()));
  const headers = multiple([...from.headers.filter(([name]) => !names.has(name.toLowerCase())), ...set]);
  const query = multiple([...new URLSearchParams(from.query)]);
  return {
    headers: lastOf(headers),
    multiValueHeaders: headers,
    // Only if there is one.
    ...(Object.keys(query).length > 0 && { queryStringParameters: lastOf(query), multiValueQueryStringParameters: query }),
    ...(facts.stageVariables && { stageVariables: facts.stageVariables }),
  };
};

export const connectEvent = (facts: ConnectionFacts, from: GatewayRequest, now: number) => ({
  ...request(facts, from),
  requestContext: requestContext(facts, '$connect', 'CONNECT', now),
  isBase64Encoded: false,
});

export const authorizerEvent = (facts: ConnectionFacts, from: GatewayRequest, now: number) => ({
  type: 'REQUEST',
  methodArn: connectArn(facts),
  ...request(facts, from),
  stageVariables: facts.stageVariables ?? {},
  requestContext: requestContext(facts, '$connect', 'CONNECT', now),
});

const multiple = (pairs: readonly Header[]): Record<string, string[]> => {
  const result = new Map<string, string[]>();
  for (const [name, value] of pairs) result.set(name, [...(result.get(name) ?? []), value]);
  return Object.fromEntries(result);
};

const lastOf = (values: Readonly<Record<string, readonly string[]>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list.at(-1) ?? '']));
