// The Reply API: routers hold its connections, connectors post to them with credentials that can do nothing else (D2, D3).
import { Duration } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { ArnPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../../lambdas/reply-authorizer/environment.ts';
import { API_TIMEOUT, ProxyFunction } from '../proxy-function.ts';
import type { Secrets } from '../storage/secrets.ts';
import { addMockRoute, mockIntegration } from './mock-route.ts';
import { acknowledgeSocket, grantConnections, SOCKET_STAGE, SOCKET_THROTTLE } from './socket-stage.ts';
import type { TunnelApi } from './tunnel-api.ts';

export interface ReplyApiProps {
  readonly tenant: string;
  readonly secrets: Secrets;
  /** Its function hands connectors the credentials to post here. */
  readonly tunnelApi: TunnelApi;
}

export class ReplyApi extends Construct {
  readonly stage: WebSocketStage;
  readonly authorizer: ProxyFunction<(typeof ENVIRONMENT)[number]>;

  constructor(scope: Construct, id: string, { tenant, secrets, tunnelApi: { tunnels } }: ReplyApiProps) {
    super(scope, id);
    this.authorizer = new ProxyFunction(this, 'Authorizer', {
      folder: 'reply-authorizer',
      environment: ENVIRONMENT,
      description: 'Reply API: whether it is one of our routers that connects',
      timeout: API_TIMEOUT,
    });
    this.authorizer.bindSecret('MASTER_KEY_SECRET', secrets.masterKey);

    const api = new WebSocketApi(this, 'Api', {
      description: `Sallyport ${tenant}: replies of connectors to routers`,
      routeSelectionExpression: '$request.body.type',
      connectRouteOptions: {
        integration: mockIntegration('connect-integration'),
        authorizer: new WebSocketLambdaAuthorizer('authorizer', this.authorizer.function, {
          identitySource: ['route.request.querystring.ticket'],
        }),
      },
    });
    addMockRoute(api, 'whoami', '{"type":"you-are","connectionId":"$context.connectionId"}');

    this.stage = new WebSocketStage(this, 'Stage', {
      webSocketApi: api,
      stageName: SOCKET_STAGE,
      autoDeploy: true,
      throttle: SOCKET_THROTTLE,
    });
    acknowledgeSocket(api, this.stage);

    const replyRole = new Role(this, 'ReplyRole', {
      // Within one account this is enough: the function's own role need not allow it as well.
      assumedBy: new ArnPrincipal(tunnels.role.roleArn),
      description: 'What a connector may do in AWS: post to routers on the Reply API',
      // The least that IAM takes; the function asks for less.
      maxSessionDuration: Duration.hours(1),
    });
    grantConnections(replyRole, 'POST', this.stage, 'Connections come and go: the wildcard is their id, on this one stage, for POST only.');

    tunnels.set('REPLY_ROLE_ARN', replyRole.roleArn);
    tunnels.set('REPLY_API_ENDPOINT', this.stage.callbackUrl);
  }
}
