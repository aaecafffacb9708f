// The DISCONNECT event, with the four headers that it has on AWS.
import { type ConnectionFacts, requestContext } from './request-context.ts';

const multiple = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));

export const disconnectEvent = (facts: ConnectionFacts, code: number, reason: string, now: number) => {
  const headers = { Host: facts.domainName, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' };
  return {
    headers,
    multiValueHeaders: multiple(headers),
    ...(facts.stageVariables && { stageVariables: facts.stageVariables }),
    requestContext: {
      ...requestContext(facts, '$disconnect', 'DISCONNECT', now),
      disconnectStatusCode: code,
      disconnectReason: reason,
    },
    isBase64Encoded: false,
  };
};
