// A WebSocket route that API Gateway answers by itself, without a function: integration, what it answers, and the way back.
import { CfnIntegrationResponse, type WebSocketApi, WebSocketIntegration } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';

/** Names the template for a status; the expression is a constant, since there is but one. */
const STATUS = '200';

/** Accepts whatever comes, and says nothing. */
export const mockIntegration = (id: string): WebSocketMockIntegration =>
  new WebSocketMockIntegration(id, { requestTemplates: { [STATUS]: '{"statusCode":200}' }, templateSelectionExpression: STATUS });

/** Adds the route; `answer` is a mapping template. */
export const addMockRoute = (api: WebSocketApi, routeKey: string, answer: string): void => {
  const route = api.addRoute(routeKey, { integration: mockIntegration(`${routeKey}-integration`), returnResponse: true });
  const made = route.node.findAll().find((child) => child instanceof WebSocketIntegration);
  if (made === undefined) throw new Error(`Route ${routeKey} has no integration.`);
  new CfnIntegrationResponse(route, 'IntegrationResponse', {
    apiId: api.apiId,
    integrationId: made.integrationId,
    integrationResponseKey: '$default',
    templateSelectionExpression: STATUS,
    responseTemplates: { [STATUS]: answer },
  });
};
