// API Gateway: REST, HTTP and WebSocket APIs and their management API, each API on a loopback port of its own and,
// where a custom domain name is mapped to it, on the public port.
import { PostLinks } from '../apigatewaymanagementapi/post-links.ts';
import { isManagement, serveManagement } from '../apigatewaymanagementapi/serve-management.ts';
import type { Api } from '../apigatewayv2/api.ts';
import { executeApiDomain } from '../apigatewayv2/events/request-context.ts';
import type { DecisionCache } from '../apigatewayv2/http-authorisation.ts';
import { serveHttp } from '../apigatewayv2/serve-http.ts';
import { v2Resources } from '../apigatewayv2/v2-resources.ts';
import { WebSocketApi } from '../apigatewayv2/websocket-api.ts';
import type { ControlRoute } from '../control.ts';
import type { ApiTarget } from '../public-server.ts';
import type { ResourceTypes } from '../services.ts';
import type { GatewayContext } from './context.ts';
import { GATEWAY_RESPONSES, sendGatewayResponse } from './gateway-response.ts';
import { type Listening, listen } from './listen.ts';
import { found } from './properties.ts';
import { readRequest } from './request.ts';
import type { RestApi } from './rest-api.ts';
import { restResources } from './rest-resources.ts';
import { serveRest } from './serve-rest.ts';
import { socketControls } from './socket-controls.ts';

export interface ApiGateway {
  readonly resources: ResourceTypes;
  readonly routes: readonly ControlRoute[];
  dispose(): Promise<void>;
}

export const createApiGateway = (context: GatewayContext): ApiGateway => {
  const restApis = new Map<string, RestApi>();
  const v2Apis = new Map<string, Api>();
  const webSocketApis = new Map<string, WebSocketApi>();
  const targets = new Map<string, ApiTarget>();
  const listening: Listening[] = [];
  const links = new PostLinks();

  /** A fault of the simulator itself: said in the log, and the client is not left waiting. */
  const settle = (work: Promise<void>, giveUp: () => void): void => {
    work.catch((error: unknown) => {
      context.log.error('apigateway.failed', { error });
      giveUp();
    });
  };

  const open = async (id: string, target: ApiTarget): Promise<void> => {
    const own = await listen({
      request: (message, response) => target.request(message, response, { scheme: 'http', port: own.port }),
      upgrade: target.upgrade && ((message, socket, head) => target.upgrade?.(message, socket, head, { scheme: 'http', port: own.port })),
    });
    listening.push(own);
    targets.set(id, target);
    context.endpoints.register(`https://${executeApiDomain(id)}`, `http://127.0.0.1:${own.port}`);
  };

  const map = (domainName: string, basePath: string, apiId: string, stage: string): void =>
    context.publicServer.map(domainName, { basePath, stage, target: found(targets.get(apiId), 'API', apiId) });

  const restTarget = (api: RestApi): ApiTarget => ({
    protocol: 'REST',
    request: (message, response, arrival) => settle(serveRest(context, api, message, response, arrival), () => response.destroy()),
  });

  const httpTarget = (api: Api): ApiTarget => {
    const decisions: DecisionCache = new Map();
    return {
      protocol: 'HTTP',
      request: (message, response, arrival) =>
        settle(serveHttp(context, api, decisions, message, response, arrival), () => response.destroy()),
    };
  };

  const webSocketTarget = (api: Api): ApiTarget => {
    const webSocketApi = new WebSocketApi(context, api);
    webSocketApis.set(api.id, webSocketApi);
    return {
      protocol: 'WEBSOCKET',
      request: (message, response, arrival) => {
        if (isManagement(message.url ?? '')) {
          settle(serveManagement(context, { webSocketApi, links }, message, response, arrival), () => response.destroy());
        } else sendGatewayResponse(response, readRequest(message, arrival, context.clock), GATEWAY_RESPONSES.forbidden);
      },
      upgrade: (message, socket, head, arrival) => settle(webSocketApi.upgrade(message, socket, head, arrival), () => socket.destroy()),
    };
  };

  return {
    resources: {
      ...restResources(context, restApis, (api) => open(api.id, restTarget(api)), map),
      ...v2Resources(context, {
        apis: v2Apis,
        open: (api) => open(api.id, api.protocol === 'HTTP' ? httpTarget(api) : webSocketTarget(api)),
        map,
        hasRestStage: (apiId, stage) => restApis.get(apiId)?.stages[stage] !== undefined,
      }),
    },
    routes: socketControls(() => [...webSocketApis.values()], links),
    dispose: async () => {
      for (const webSocketApi of webSocketApis.values()) webSocketApi.dispose();
      await Promise.all(listening.map((one) => one.close()));
    },
  };
};
