// AWS on this machine: joins the services, deploys one stack of an assembly into them, and ends them all again.
// For development and tests only; everything listens on loopback alone.
import { createLog, type Log } from '../protocol/log.ts';
import { createApiGateway } from './apigateway/api-gateway.ts';
import type { RestQuotas } from './apigateway/quotas.ts';
import type { V2Quotas } from './apigatewayv2/quotas.ts';
import { startAwsEndpoint } from './aws-endpoint.ts';
import { systemClock } from './clock.ts';
import { readAssembly } from './cloudformation/assembly.ts';
import { type Deployment, deploy } from './cloudformation/deploy.ts';
import { createUserPools, type UserPoolClient } from './cognito-idp/user-pools.ts';
import { type Control, startControl } from './control.ts';
import { controlRoutes } from './control-routes.ts';
import { startDynamodb } from './dynamodb/dynamodb.ts';
import { createEndpoints } from './endpoints.ts';
import { type ChangeableFaults, createFaults } from './faults.ts';
import { createIam, type IamService } from './iam/iam.ts';
import { createInvokeApi } from './lambda/invoke-api.ts';
import { createLambda, type LambdaDependencies, type LambdaService } from './lambda/lambda.ts';
import { createLogs, type LogLine, type LogsService } from './logs/logs.ts';
import { createMeter, type ReadableMeter } from './meter.ts';
import { type PublicServer, startPublicServer } from './public-server.ts';
import { QUOTAS } from './quotas.ts';
import { createSecretsManager } from './secretsmanager/secretsmanager.ts';
import type { AccessKeys, Clock } from './services.ts';
import { createSts } from './sts/sts.ts';

type Parameters = Readonly<Record<string, string>>;
type LambdaTuning = Pick<
  LambdaDependencies,
  'coldStartMs' | 'recycleShare' | 'maxAgeMs' | 'concurrentExecutions' | 'pacing' | 'departures' | 'runtime'
>;

export interface SimulatorOptions {
  /** What `cdk synth` wrote. */
  readonly assembly: string;
  /** Needed when the assembly holds more than one stack. */
  readonly stack?: string;
  /** Of the template; a function when they depend on where the public port came to be. */
  readonly parameters?: Parameters | ((publicServer: PublicServer) => Parameters | Promise<Parameters>);
  /** Origins that functions call (`https://login.example.com`), and where they are on this machine. */
  readonly addresses?: Readonly<Record<string, string>>;
  /** The public port of 127.0.0.1. @default any free one */
  readonly port?: number;
  /** @default any free one */
  readonly controlPort?: number;
  /** Whether the public port speaks TLS. @default false */
  readonly tls?: boolean;
  /** @default 'faithful' */
  readonly lambda?: LambdaDependencies['mode'];
  readonly lambdaTuning?: LambdaTuning;
  /** By their names (simulator/faults.ts). */
  readonly faults?: Readonly<Record<string, unknown>>;
  readonly quotas?: { readonly apigateway?: Partial<RestQuotas>; readonly apigatewayv2?: Partial<V2Quotas> };
  /** The id of one Allow statement that is left out. */
  readonly withoutStatement?: string;
  /** Gets every line that a function writes to its log. */
  readonly logSink?: (line: LogLine) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** The simulator's own log. @default standard error */
  readonly log?: Log;
}

export interface Simulator extends Deployment {
  readonly publicServer: PublicServer;
  /** Where AWS SDK clients find DynamoDB, Secrets Manager, STS and CloudWatch Logs. */
  readonly awsEndpointUrl: string;
  readonly controlUrl: string;
  readonly control: Pick<Control, 'add'>;
  /** Keys that may do everything in the simulated account. */
  readonly administrator: AccessKeys;
  readonly meter: ReadableMeter;
  readonly faults: ChangeableFaults;
  readonly iam: IamService;
  readonly logs: LogsService;
  readonly lambda: LambdaService;
  /** Of the template's user pools, with this machine's addresses: whoever started this signs users in for them. */
  readonly userPoolClients: readonly UserPoolClient[];
  /** Ends everything; may be called again. */
  dispose(): Promise<void>;
}

/** Throws ERR_CONFIGURATION_INVALID when the assembly, its parameters or the options cannot be used; nothing then stays behind. */
export const startSimulator = async (options: SimulatorOptions): Promise<Simulator> => {
  const { clock = systemClock, random = Math.random } = options;
  const log = options.log ?? createLog({ write: (line) => process.stderr.write(`${line}\n`) });
  const assembly = readAssembly(options.assembly, options.stack);
  const faults = createFaults(options.faults);
  const meter = createMeter();
  const endpoints = createEndpoints(options.addresses);
  const iam = createIam({ clock, ...(options.withoutStatement === undefined ? {} : { withoutStatement: options.withoutStatement }) });
  const logs = createLogs({ iam, meter, clock, ...(options.logSink ? { sink: options.logSink } : {}) });

  const ends: (() => Promise<void>)[] = [];
  /** What was started last ends first; one that fails to end does not keep the others. */
  const dispose = async () => {
    const failures: unknown[] = [];
    for (let end = ends.pop(); end; end = ends.pop()) await end().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'Not everything of the simulator ended.');
  };
  const ending = <T extends { dispose(): Promise<void> }>(service: T): T => {
    ends.push(() => service.dispose());
    return service;
  };

  try {
    log.warn('simulator.starting', { notice: 'For development and tests only: simulated AWS, on loopback alone.' });
    const publicServer = ending(await startPublicServer({ port: options.port ?? 0, tls: options.tls ?? false, now: clock.now }));
    const control = ending(await startControl(options.controlPort));
    const dynamodb = ending(await startDynamodb({ iam, meter, faults, clock, log, random }));
    const secretsManager = createSecretsManager({ iam, meter, clock });
    const userPools = createUserPools();
    const services = [
      dynamodb.service,
      secretsManager.service,
      createSts({ iam, meter }),
      logs.service,
      createInvokeApi({ iam, lambda: () => lambda }),
    ];
    const endpoint = ending(await startAwsEndpoint({ services, iam, clock, log }));
    const lambda: LambdaService = ending(
      createLambda({
        ...options.lambdaTuning,
        mode: options.lambda ?? 'faithful',
        assets: assembly.assets,
        endpointUrl: () => endpoint.url,
        iam,
        logs,
        meter,
        clock,
        random,
        endpoints,
      }),
    );
    const quotas = {
      apigateway: { ...QUOTAS.apigateway, ...options.quotas?.apigateway },
      apigatewayv2: { ...QUOTAS.apigatewayv2, ...options.quotas?.apigatewayv2 },
    };
    const gateway = ending(createApiGateway({ iam, lambda, meter, faults, clock, endpoints, quotas, publicServer, log, random }));

    let deployment: Deployment | null = null;
    control.add(controlRoutes({ meter, faults, iam, deployment: () => deployment }));
    control.add([...logs.routes, ...lambda.routes, ...gateway.routes]);

    const { parameters = {} } = options;
    const deployed = await deploy({
      assembly,
      parameters: typeof parameters === 'function' ? await parameters(publicServer) : parameters,
      types: [
        iam.resources,
        logs.resources,
        dynamodb.resources,
        secretsManager.resources,
        lambda.resources,
        gateway.resources,
        userPools.resources,
      ],
      lambda,
      endpoints,
      clock,
    });
    deployment = ending(deployed);
    iam.checkRemoval();
    log.info('simulator.deployed', { stack: assembly.stackName, resources: deployed.resources.size });
    return {
      ...deployed,
      publicServer,
      awsEndpointUrl: endpoint.url,
      controlUrl: control.url,
      control,
      administrator: iam.administrator,
      meter,
      faults,
      iam,
      logs,
      lambda,
      userPoolClients: endpoints.localise(userPools.clients()),
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
};
