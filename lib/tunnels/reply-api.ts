// The Reply API: routers hold its connections, and users those of their WebSockets; connectors post to them with credentials that can do
// nothing else (D2, D3).
import { Duration } from 'aws-cdk-lib';
import { WebSocketApi, type WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { ArnPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../../lambdas/reply-authorizer/environment.ts';
import { ENVIRONMENT as SOCKETS } from '../../lambdas/sockets/environment.ts';
import { API_TIMEOUT, ProxyFunction } from '../proxy-function.ts';
import type { Secrets } from '../storage/secrets.ts';
import type { Tables } from '../storage/tables.ts';
import { addMockRoute } from './mock-route.ts';
import { addSocketStage, grantConnections, REPLIES_THROTTLE } from './socket-stage.ts';
import type { TunnelApi } from './tunnel-api.ts';

export interface ReplyApiProps {
  readonly tenant: string;
  readonly accessLogs: boolean;
  readonly tables: Tables;
  readonly secrets: Secrets;
  /** Its function hands connectors the credentials to post here. */
  readonly tunnelApi: TunnelApi;
}

export class ReplyApi extends Construct {
  readonly stage: WebSocketStage;
  readonly sockets: ProxyFunction<(typeof SOCKETS)[number]>;
  readonly authorizer: ProxyFunction<(typeof ENVIRONMENT)[number]>;

  constructor(scope: Construct, id: string, { tenant, accessLogs, tables, secrets, tunnelApi }: ReplyApiProps) {
    super(scope, id);
    this.authorizer = new ProxyFunction(this, 'Authorizer', {
      folder: 'reply-authorizer',
      environment: ENVIRONMENT,
      description: 'Reply API: whether it is a router of ours that connects, or a user with a ticket of one',
      timeout: API_TIMEOUT,
    });
    this.authorizer.bindSecret('MASTER_KEY_SECRET', secrets.masterKey);
    this.authorizer.bindItems('SESSIONS_TABLE', tables.sessions, { session: ['GetItem', 'PutItem'], socketTicket: ['PutItem'] });
    this.authorizer.bindTable('DIRECTORY_TABLE', tables.directory, 'Query');
    this.authorizer.bindItems('REGISTRY_TABLE', tables.registry, { serviceToken: ['Query'] });

    this.sockets = new ProxyFunction(this, 'Sockets', {
      folder: 'sockets',
      environment: SOCKETS,
      description: 'Reply API: takes what users send over their WebSockets to the connector',
      timeout: API_TIMEOUT,
    });
    this.sockets.set('TENANT', tenant);
    this.sockets.bindSecret('MASTER_KEY_SECRET', secrets.masterKey);
    this.sockets.bindItems('REGISTRY_TABLE', tables.registry, { tunnel: ['Query'] });
    this.sockets.bindItems('SESSIONS_TABLE', tables.sessions, { session: ['GetItem', 'UpdateItem', 'DeleteItem'] });
    this.sockets.set('TUNNEL_API_ENDPOINT', tunnelApi.stage.callbackUrl);
    const why = 'Tunnels come and go: the wildcard is their id, on this one stage, for POST only.';
    grantConnections(this.sockets.role, 'POST', tunnelApi.stage, why);

    const api = new WebSocketApi(this, 'Api', {
      apiName: `sallyport-${tenant}-reply`,
      description: `Sallyport ${tenant}: replies of connectors to routers`,
      routeSelectionExpression: '$request.body.type',
      disconnectRouteOptions: { integration: new WebSocketLambdaIntegration('disconnect-integration', this.sockets.function) },
    });
    addMockRoute(api, {
      routeKey: '$connect',
      // Nobody reads it: the handshake has no body.
      answer: '{}',
      authorizer: new WebSocketLambdaAuthorizer('authorizer', this.authorizer.function, {
        identitySource: ['route.request.querystring.ticket'],
      }),
    });
    // What is no JSON comes here, and what it answers goes back to who sent it.
    api.addRoute('$default', {
      integration: new WebSocketLambdaIntegration('default-integration', this.sockets.function),
      returnResponse: true,
    });
    addMockRoute(api, { routeKey: 'whoami', answer: '{"type":"you-are","connectionId":"$context.connectionId"}' });
    this.stage = addSocketStage(this, api, { throttle: REPLIES_THROTTLE, accessLogs });

    const replyRole = new Role(this, 'ReplyRole', {
      // Within one account this is enough: the function's own role need not allow it as well.
      assumedBy: new ArnPrincipal(tunnelApi.tunnels.role.roleArn),
      description: 'What a connector may do in AWS: post to routers on the Reply API',
      // The least that IAM takes; the function asks for less.
      maxSessionDuration: Duration.hours(1),
    });
    grantConnections(replyRole, 'POST', this.stage, 'Connections come and go: the wildcard is their id, on this one stage, for POST only.');

    tunnelApi.tunnels.set('REPLY_ROLE_ARN', replyRole.roleArn);
    tunnelApi.tunnels.set('REPLY_API_ENDPOINT', this.stage.callbackUrl);
  }
}

/** Lets a function end users' WebSockets. */
export const endConnections = <Name extends string>(
  proxyFunction: ProxyFunction<Name | 'REPLY_API_ENDPOINT'>,
  { stage }: ReplyApi,
): void => {
  proxyFunction.set('REPLY_API_ENDPOINT', stage.callbackUrl);
  const why =
    'Users’ WebSockets end with their session or policy: the wildcard is the connection’s id, on this one stage, for DELETE only.';
  grantConnections(proxyFunction.role, 'DELETE', stage, why);
};
