// A WebSocket route that API Gateway answers by itself, without a function: integration, what it answers, and the way back. A non-proxy
// integration needs all three: without an integration response and a route response, API Gateway answers each use with status 500.
import {
  CfnIntegrationResponse,
  type IWebSocketRouteAuthorizer,
  type WebSocketApi,
  WebSocketIntegration,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';

/** Names the template for a status; the expression is a constant, since there is but one. */
const STATUS = '200';

export interface MockRoute {
  readonly routeKey: string;
  /** A mapping template. */
  readonly answer: string;
  /** For `$connect` only. */
  readonly authorizer?: IWebSocketRouteAuthorizer;
}

export const addMockRoute = (api: WebSocketApi, { routeKey, answer, authorizer }: MockRoute): void => {
  const integration = new WebSocketMockIntegration(`${routeKey.replace('$', '')}-integration`, {
    requestTemplates: { [STATUS]: '{"statusCode":200}' },
    templateSelectionExpression: STATUS,
  });
  const route = api.addRoute(routeKey, { integration, authorizer, returnResponse: true });
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
