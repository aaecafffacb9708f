// For the tests of the API Gateway family: everything around it, with functions and permissions that a test writes down.
import { createLog } from '../../protocol/log.ts';
import { V2_QUOTAS, type V2Quotas } from '../apigatewayv2/quotas.ts';
import { createManualClock, type ManualClock } from '../clock.ts';
import { createEndpoints } from '../endpoints.ts';
import { type ChangeableFaults, createFaults } from '../faults.ts';
import { createMeter, type ReadableMeter } from '../meter.ts';
import { type PublicServer, startPublicServer } from '../public-server.ts';
import { AwsError, type CreatedResource, type Endpoints, type Iam, type InvokeResult, type Lambda } from '../services.ts';
import { type ApiGateway, createApiGateway } from './api-gateway.ts';
import { REST_QUOTAS, type RestQuotas } from './quotas.ts';

/** What a test's function gets and gives; what it throws is a function error. */
export type TestFunction = (event: never) => unknown;
export type TestStream = (event: never, abort: AbortSignal) => AsyncIterable<string | Buffer>;

export interface GatewayFixture {
  readonly gateway: ApiGateway;
  readonly publicServer: PublicServer;
  readonly clock: ManualClock;
  readonly meter: ReadableMeter;
  readonly faults: ChangeableFaults;
  readonly endpoints: Endpoints;
  /** Function name → what it does. */
  readonly functions: Record<string, TestFunction>;
  readonly streams: Record<string, TestStream>;
  /** Source ARNs for which API Gateway may not invoke. */
  readonly forbidden: Set<string>;
  /** Every source ARN that was asked for. */
  readonly invokedFor: string[];
  readonly logged: string[];
  create(type: string, properties: Record<string, unknown>): Promise<CreatedResource>;
  control(method: string, path: string, name: string): unknown;
  dispose(): Promise<void>;
}

export interface FixtureOptions {
  readonly rest?: Partial<RestQuotas>;
  readonly v2?: Partial<V2Quotas>;
  readonly tls?: boolean;
  readonly iam?: Iam;
  readonly lambda?: Lambda;
  readonly random?: () => number;
}

export const functionArn = (name: string): string => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
export const functionUri = (name: string): string =>
  `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn(name)}/invocations`;
export const streamingUri = (name: string): string =>
  `arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/${functionArn(name)}/response-streaming-invocations`;

export const startGateway = async ({
  rest,
  v2,
  tls = false,
  iam,
  lambda,
  random = () => 0.5,
}: FixtureOptions = {}): Promise<GatewayFixture> => {
  const clock = createManualClock(Date.now());
  const meter = createMeter();
  const faults = createFaults();
  const endpoints = createEndpoints();
  const publicServer = await startPublicServer({ port: 0, tls, now: Date.now });
  const functions: GatewayFixture['functions'] = {};
  const streams: GatewayFixture['streams'] = {};
  const forbidden = new Set<string>();
  const invokedFor: string[] = [];
  const logged: string[] = [];
  const gateway = createApiGateway({
    iam: iam ?? testIam(forbidden, invokedFor),
    lambda: lambda ?? testLambda(functions, streams),
    meter,
    faults,
    clock,
    endpoints,
    publicServer,
    random,
    quotas: { apigateway: { ...REST_QUOTAS, ...rest }, apigatewayv2: { ...V2_QUOTAS, ...v2 } },
    log: createLog({ write: (line) => logged.push(line) }),
  });
  return {
    gateway,
    publicServer,
    clock,
    meter,
    faults,
    endpoints,
    functions,
    streams,
    forbidden,
    invokedFor,
    logged,
    create: (type, properties) => {
      const make = gateway.resources[type];
      if (!make) throw new Error(`No service knows ${type}.`);
      return make({ logicalId: String(properties.Name ?? 'Tested'), type, properties, stackName: 'Test' });
    },
    control: (method, path, name) => {
      const route = gateway.routes.find((one) => one.method === method && one.path === path);
      if (!route) throw new Error(`There is no control ${method} ${path}.`);
      return route.handle({ params: { name, connectionId: name }, query: new URLSearchParams(), body: undefined });
    },
    dispose: async () => {
      await gateway.dispose();
      await publicServer.dispose();
    },
  };
};

const nameOf = (arn: string): string => arn.split(':').at(-1) ?? '';

const testLambda = (functions: GatewayFixture['functions'], streams: GatewayFixture['streams']): Lambda => ({
  invoke: async (arn, event): Promise<InvokeResult> => {
    const run = functions[nameOf(arn)];
    if (!run) throw new AwsError(404, 'ResourceNotFoundException', `Function not found: ${arn}`);
    try {
      // As over the wire: what is no JSON does not arrive.
      return { payload: JSON.stringify((await run(JSON.parse(JSON.stringify(event)) as never)) ?? null) };
    } catch (error) {
      if (error instanceof AwsError) throw error;
      return { payload: JSON.stringify({ errorMessage: (error as Error).message, errorType: 'Error' }), functionError: 'Unhandled' };
    }
  },
  invokeAsync: () => {
    throw new Error('API Gateway invokes synchronously.');
  },
  invokeStreaming: async (arn, event) => {
    const run = streams[nameOf(arn)];
    if (!run) throw new AwsError(404, 'ResourceNotFoundException', `Function not found: ${arn}`);
    const abort = new AbortController();
    const chunks = async function* () {
      for await (const chunk of run(JSON.parse(JSON.stringify(event)) as never, abort.signal)) yield Buffer.from(chunk);
    };
    return { chunks: chunks(), abort: () => abort.abort() };
  },
});

/** Lets everyone do everything, but for what a test forbids; signatures are tested with the real thing. */
const testIam = (forbidden: ReadonlySet<string>, invokedFor: string[]): Iam => ({
  authenticate: ({ headers }) => {
    const accessKeyId = /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1];
    if (accessKeyId === undefined) throw new AwsError(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
    return { arn: `arn:aws:iam::123456789012:user/${accessKeyId}`, accessKeyId };
  },
  authorize: (principal, action, resource) => {
    if (!forbidden.has(resource)) return;
    throw new AwsError(
      403,
      'AccessDeniedException',
      `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resource}`,
    );
  },
  sessionForService: () => {
    throw new Error('API Gateway assumes no role.');
  },
  authorizeService: (_service, _action, _resource, sourceArn) => {
    invokedFor.push(sourceArn);
    if (forbidden.has(sourceArn)) throw new AwsError(403, 'AccessDeniedException', `not allowed for ${sourceArn}`);
  },
  permitService: () => {
    throw new Error('API Gateway gives no permissions.');
  },
});
