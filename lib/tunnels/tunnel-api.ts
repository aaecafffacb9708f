// The Tunnel API: the WebSocket that connectors dial. Only the router posts to it (D3).
import { WebSocketApi, type WebSocketRouteOptions, type WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Construct } from 'constructs';
import { ENVIRONMENT as AUTHORIZER_ENVIRONMENT } from '../../lambdas/tunnel-authorizer/environment.ts';
import { ENVIRONMENT } from '../../lambdas/tunnels/environment.ts';
import { API_TIMEOUT, ProxyFunction } from '../proxy-function.ts';
import type { Secrets } from '../storage/secrets.ts';
import type { Tables } from '../storage/tables.ts';
import { addMockRoute } from './mock-route.ts';
import { addSocketStage, TUNNELS_THROTTLE } from './socket-stage.ts';

export interface TunnelApiProps {
  readonly tenant: string;
  readonly accessLogs: boolean;
  readonly tables: Tables;
  readonly secrets: Secrets;
}

export class TunnelApi extends Construct {
  readonly stage: WebSocketStage;
  readonly tunnels: ProxyFunction<(typeof ENVIRONMENT)[number]>;
  readonly authorizer: ProxyFunction<(typeof AUTHORIZER_ENVIRONMENT)[number]>;

  constructor(scope: Construct, id: string, { tenant, accessLogs, tables, secrets }: TunnelApiProps) {
    super(scope, id);
    this.tunnels = new ProxyFunction(this, 'Tunnels', {
      folder: 'tunnels',
      environment: ENVIRONMENT,
      description: 'Tunnel API: welcomes connectors, keeps their registry entries fresh',
      timeout: API_TIMEOUT,
    });
    this.tunnels.set('TENANT', tenant);
    this.tunnels.bindItems('REGISTRY_TABLE', tables.registry, {
      connector: ['GetItem', 'UpdateItem'],
      tunnel: ['Query', 'UpdateItem', 'DeleteItem'],
      dial: ['UpdateItem'],
    });
    this.tunnels.bindTable('DIRECTORY_TABLE', tables.directory, 'Scan');
    this.tunnels.bindSecret('MASTER_KEY_SECRET', secrets.masterKey);

    this.authorizer = new ProxyFunction(this, 'Authorizer', {
      folder: 'tunnel-authorizer',
      environment: AUTHORIZER_ENVIRONMENT,
      description: 'Tunnel API: whether a dialling connector is who it says',
      timeout: API_TIMEOUT,
    });
    this.authorizer.set('TENANT', tenant);
    this.authorizer.bindItems('REGISTRY_TABLE', tables.registry, { connector: ['GetItem'] });

    const served = (routeKey: string): WebSocketRouteOptions => ({
      integration: new WebSocketLambdaIntegration(`${routeKey.replace('$', '')}-integration`, this.tunnels.function),
    });
    const api = new WebSocketApi(this, 'Api', {
      apiName: `sallyport-${tenant}-tunnel`,
      description: `Sallyport ${tenant}: tunnels of connectors`,
      routeSelectionExpression: '$request.body.type',
      connectRouteOptions: {
        ...served('$connect'),
        authorizer: new WebSocketLambdaAuthorizer('authorizer', this.authorizer.function, {
          identitySource: ['route.request.header.Authorization'],
        }),
      },
      disconnectRouteOptions: served('$disconnect'),
    });
    for (const routeKey of ['hello', 'heartbeat', 'drain']) api.addRoute(routeKey, { ...served(routeKey), returnResponse: true });
    addMockRoute(api, { routeKey: 'probe', answer: '{"type":"echo"}' });
    this.stage = addSocketStage(this, api, { throttle: TUNNELS_THROTTLE, accessLogs });
  }
}
