// The part of a WebSocket API's events that says which connection, which route, which request.
import { REGION, URL_SUFFIX } from '../../account.ts';
import { newExtendedId } from '../../apigateway/ids.ts';
import { requestTime } from '../../apigateway/request.ts';

/** What is known of a connection from its first request on. */
export interface ConnectionFacts {
  readonly connectionId: string;
  readonly connectedAt: number;
  readonly sourceIp: string;
  readonly userAgent: string | undefined;
  readonly domainName: string;
  readonly apiId: string;
  readonly stage: string;
  readonly stageVariables?: Readonly<Record<string, string>>;
  /** What the authorizer answered: text only. */
  readonly authorizer?: Readonly<Record<string, unknown>>;
}

export const executeApiDomain = (apiId: string): string => `${apiId}.execute-api.${REGION}.${URL_SUFFIX}`;

export const requestContext = (facts: ConnectionFacts, routeKey: string, eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT', now: number) => {
  // Both ids are the same. ("WebSocket API mapping template reference")
  const requestId = newExtendedId();
  return {
    routeKey,
    ...(facts.authorizer && { authorizer: facts.authorizer }),
    eventType,
    extendedRequestId: requestId,
    requestTime: requestTime(now),
    messageDirection: 'IN',
    stage: facts.stage,
    connectedAt: facts.connectedAt,
    requestTimeEpoch: now,
    identity: { ...(facts.userAgent !== undefined && { userAgent: facts.userAgent }), sourceIp: facts.sourceIp },
    requestId,
    domainName: facts.domainName,
    connectionId: facts.connectionId,
    apiId: facts.apiId,
  };
};
