// The MESSAGE event: no headers, no query.
import { newExtendedId } from '../../apigateway/ids.ts';
import { type ConnectionFacts, requestContext } from './request-context.ts';

export const messageEvent = (facts: ConnectionFacts, routeKey: string, body: string, now: number) => ({
  ...(facts.stageVariables && { stageVariables: facts.stageVariables }),
  requestContext: { ...requestContext(facts, routeKey, 'MESSAGE', now), messageId: newExtendedId() },
  body,
  isBase64Encoded: false,
});
