// For the tests of HTTP APIs: one API behind a custom domain name, and a client of it.
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { functionArn, type GatewayFixture, startGateway } from '../apigateway/fixture.ts';

export const PORTAL = 'portal.example.com';

export type HttpEvent = Record<string, never>;

export interface HttpFixture {
  readonly world: GatewayFixture;
  readonly apiId: string;
  route(routeKey: string, name: string, properties?: Record<string, unknown>): Promise<void>;
  /** Remembers each event that a function gets. */
  recording(name: string, answer?: (event: HttpEvent) => unknown): HttpEvent[];
  ask(path: string, options?: HttpAsk): Promise<HttpAnswered>;
}

export interface HttpAsk {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
}

export interface HttpAnswered {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** One API named Portal with an auto-deployed `$default` stage. */
export const startHttpApi = async (): Promise<HttpFixture> => {
  const world = await startGateway();
  const { ref: apiId } = await world.create('AWS::ApiGatewayV2::Api', { Name: 'Portal', ProtocolType: 'HTTP' });
  await world.create('AWS::ApiGatewayV2::Stage', { ApiId: apiId, StageName: '$default', AutoDeploy: true });
  await world.create('AWS::ApiGatewayV2::DomainName', {
    DomainName: PORTAL,
    DomainNameConfigurations: [{ CertificateArn: 'arn:aws:acm:…' }],
  });
  await world.create('AWS::ApiGatewayV2::ApiMapping', { ApiId: apiId, DomainName: PORTAL, Stage: '$default' });

  const route = async (RouteKey: string, name: string, properties: Record<string, unknown> = {}) => {
    const integration = await world.create('AWS::ApiGatewayV2::Integration', {
      ApiId: apiId,
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: functionArn(name),
      PayloadFormatVersion: '2.0',
    });
    await world.create('AWS::ApiGatewayV2::Route', { ApiId: apiId, RouteKey, Target: `integrations/${integration.ref}`, ...properties });
  };

  const recording = (name: string, answer: (event: HttpEvent) => unknown = () => ({ statusCode: 200, body: name })) => {
    const events: Array<HttpEvent> = [];
    world.functions[name] = (event) => {
      events.push(event);
      return answer(event);
    };
    return events;
  };

  const ask = async (path: string, options: HttpAsk = {}) => {
    const { method = 'GET', headers = {}, body } = options;
    const request = httpRequest({
      port: world.publicServer.port,
      host: '127.0.0.1',
      path,
      method,
      headers: { host: PORTAL, ...headers },
      agent: false,
    });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
  };

  return { world, apiId, route, recording, ask };
};
