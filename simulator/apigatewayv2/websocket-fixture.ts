// For the tests of WebSocket APIs: one API with a stage, and real clients of it.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { type FixtureOptions, functionUri, type GatewayFixture, startGateway } from '../apigateway/fixture.ts';

export type TestEvent = Record<string, never>;

export interface Recorded {
  readonly events: TestEvent[];
  /** Resolves when the function has had so many events. */
  until(count: number): Promise<TestEvent[]>;
}

export interface Refused {
  readonly status?: number;
  readonly body: Record<string, unknown>;
  readonly date?: string;
}

export interface WebSocketFixture {
  readonly world: GatewayFixture;
  readonly apiId: string;
  /** A route to the function of the same name, without `$`; `response` also creates a route response. */
  route(key: string, properties?: Record<string, unknown>, response?: boolean): Promise<void>;
  routeTo(key: string, integrationId: string, properties?: Record<string, unknown>, response?: boolean): Promise<void>;
  /** An authorizer by the function `authorizer`, on the header Authorization. */
  authorizer(): Promise<string>;
  url(path?: string): string;
  dial(headers?: Record<string, string>, protocols?: string[], path?: string): WebSocket;
  connected(headers?: Record<string, string>, protocols?: string[], path?: string): Promise<WebSocket>;
  /** Remembers each event that a function gets. */
  recording(name: string, answer?: (event: TestEvent) => unknown): Recorded;
  /** What control lists. */
  sockets(): Array<{ readonly connectionId: string; readonly api: string; readonly blackholed: boolean }>;
  dispose(): Promise<void>;
}

/** The status and body of a refused handshake. */
export const refused = async (client: WebSocket): Promise<Refused> => {
  const [, response] = await once(client, 'unexpected-response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()), date: response.headers.date };
};

export const nextMessage = async (client: WebSocket): Promise<Record<string, unknown>> => {
  const [data] = await once(client, 'message');
  return JSON.parse(String(data));
};

/** One API named Tunnel with the auto-deployed stage `live`. */
export const startWebSocketApi = async (options?: FixtureOptions): Promise<WebSocketFixture> => {
  const world = await startGateway(options);
  const clients: WebSocket[] = [];
  const { ref: apiId } = await world.create('AWS::ApiGatewayV2::Api', {
    Name: 'Tunnel',
    ProtocolType: 'WEBSOCKET',
    RouteSelectionExpression: '$request.body.type',
  });
  await world.create('AWS::ApiGatewayV2::Stage', { ApiId: apiId, StageName: 'live', AutoDeploy: true });

  const route = async (key: string, properties: Record<string, unknown> = {}, response = false) => {
    const integration = await world.create('AWS::ApiGatewayV2::Integration', {
      ApiId: apiId,
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: functionUri(key.replace('$', '')),
    });
    return routeTo(key, integration.ref, properties, response);
  };

  const routeTo = async (key: string, integrationId: string, properties: Record<string, unknown> = {}, response = false) => {
    const { ref } = await world.create('AWS::ApiGatewayV2::Route', {
      ApiId: apiId,
      RouteKey: key,
      Target: `integrations/${integrationId}`,
      ...properties,
    });
    if (response) await world.create('AWS::ApiGatewayV2::RouteResponse', { ApiId: apiId, RouteId: ref, RouteResponseKey: '$default' });
  };

  const authorizer = async (): Promise<string> => {
    const { ref } = await world.create('AWS::ApiGatewayV2::Authorizer', {
      ApiId: apiId,
      Name: 'A',
      AuthorizerType: 'REQUEST',
      AuthorizerUri: functionUri('authorizer'),
      IdentitySource: ['route.request.header.Authorization'],
    });
    return ref;
  };

  const url = (path = '/live') => world.endpoints.localise(`wss://${apiId}.execute-api.us-east-1.amazonaws.com`) + path;

  const dial = (headers: Record<string, string> = {}, protocols: string[] = [], path = '/live'): WebSocket => {
    const client = new WebSocket(url(path), protocols, { headers, perMessageDeflate: true });
    client.on('error', () => {});
    clients.push(client);
    return client;
  };

  const connected = async (...args: Parameters<WebSocketFixture['dial']>): Promise<WebSocket> => {
    const client = dial(...args);
    await once(client, 'open');
    return client;
  };

  const recording = (name: string, answer: (event: TestEvent) => unknown = () => ({ statusCode: 200 })) => {
    const events: Array<TestEvent> = [];
    let arrived: () => void = () => {};
    world.functions[name] = (event) => {
      events.push(event);
      arrived();
      return answer(event);
    };
    const until = async (count: number): Promise<Array<TestEvent>> => {
      while (events.length < count) await new Promise<void>((resolve) => (arrived = resolve));
      return events;
    };
    return { events, until };
  };

  const sockets = () =>
    (world.control('GET', '/sockets', '') as { sockets: Array<{ connectionId: string; api: string; blackholed: boolean }> }).sockets;

  const dispose = async () => {
    for (const client of clients) client.terminate();
    await world.dispose();
  };
  return { world, apiId, route, routeTo, authorizer, url, dial, connected, recording, sockets, dispose };
};
