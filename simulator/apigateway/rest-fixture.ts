// For the tests of REST APIs: one API behind a wildcard domain name, and a client of it.
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { type FixtureOptions, functionUri, type GatewayFixture, startGateway, streamingUri } from './fixture.ts';

/** Ends the metadata of a streamed response. */
export const NUL = '\0'.repeat(8);

const DOMAIN = '*.apps.example.com';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  readonly host?: string;
}

export interface RestFixture {
  readonly world: GatewayFixture;
  /** Creates and deploys an API whose every path has this integration; answers its id. */
  api(integration: Record<string, unknown>, properties?: Record<string, unknown>): Promise<string>;
  /** The same, with the function `router` streaming. */
  streaming(): Promise<string>;
  buffered(): Promise<string>;
  /** Words a gateway response of the next API, before its deployment. */
  wording(properties: Record<string, unknown>): void;
  /** Lets `router` stream this; answers the events that it gets. */
  answering(metadata: object, ...payload: string[]): Array<Record<string, never>>;
  open(path: string, options?: Ask): ClientRequest;
  ask(path: string, options?: Ask): Promise<Answer>;
}

export const startRest = async (options?: FixtureOptions): Promise<RestFixture> => {
  const world = await startGateway(options);
  const wordings: Record<string, unknown>[] = [];

  const api = async (integration: Record<string, unknown>, properties: Record<string, unknown> = {}) => {
    const { ref: RestApiId, attributes } = await world.create('AWS::ApiGateway::RestApi', {
      Name: 'Ingress',
      BinaryMediaTypes: ['*/*'],
      EndpointConfiguration: { Types: ['REGIONAL'] },
      ...properties,
    });
    const root = attributes?.RootResourceId ?? '';
    const { ref: proxy } = await world.create('AWS::ApiGateway::Resource', { RestApiId, ParentId: root, PathPart: '{proxy+}' });
    const Integration = { Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST', ...integration };
    for (const ResourceId of [root, proxy]) {
      await world.create('AWS::ApiGateway::Method', { RestApiId, ResourceId, HttpMethod: 'ANY', AuthorizationType: 'NONE', Integration });
    }
    for (const one of wordings.splice(0)) await world.create('AWS::ApiGateway::GatewayResponse', { RestApiId, ...one });
    const { ref: DeploymentId } = await world.create('AWS::ApiGateway::Deployment', { RestApiId });
    await world.create('AWS::ApiGateway::Stage', { RestApiId, DeploymentId, StageName: 'prod' });
    await world.create('AWS::ApiGateway::DomainName', { DomainName: DOMAIN, RegionalCertificateArn: 'arn:aws:acm:…' });
    await world.create('AWS::ApiGateway::BasePathMapping', { DomainName: DOMAIN, RestApiId, Stage: 'prod' });
    return RestApiId;
  };

  const streaming = () => api({ Uri: streamingUri('router'), ResponseTransferMode: 'STREAM', TimeoutInMillis: 900_000 });
  const buffered = () => api({ Uri: functionUri('router') });

  const open = (path: string, { method = 'GET', headers = {}, host = 'wiki.apps.example.com' }: Ask = {}) =>
    httpRequest({
      port: world.publicServer.port,
      host: '127.0.0.1',
      path,
      method,
      headers: { host, ...headers },
      agent: false,
      maxHeaderSize: 64 * 1024,
    })
      // After the response, an error is no news.
      .on('error', () => {});

  const ask = async (path: string, options: Ask = {}): Promise<Answer> => {
    const request = open(path, options);
    request.end(options.body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const { statusCode: status = 0, headers, rawHeaders } = response;
    return { status, headers, rawHeaders, body: await text(response) };
  };

  const answering = (metadata: object, ...payload: string[]) => {
    const events: unknown[] = [];
    world.streams.router = async function* (event) {
      events.push(event);
      yield JSON.stringify(metadata) + NUL;
      yield* payload;
    };
    return events as Array<Record<string, never>>;
  };

  return { world, api, streaming, buffered, wording: (properties) => wordings.push(properties), answering, open, ask };
};

export const text = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};
