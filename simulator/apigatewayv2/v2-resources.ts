// AWS::ApiGatewayV2::*: what CloudFormation creates of HTTP and WebSocket APIs.
import { z } from 'zod';
import { REGION, URL_SUFFIX } from '../account.ts';
import type { GatewayContext } from '../apigateway/context.ts';
import { newResourceId } from '../apigateway/ids.ts';
import { flag, found, readProperties, remark } from '../apigateway/properties.ts';
import { AwsError, type ResourceTypes } from '../services.ts';
import type { Api, Stage } from './api.ts';
import { executeApiDomain } from './events/request-context.ts';
import { checkSelectionExpression } from './route-selection.ts';
import { routeResources } from './v2-route-resources.ts';

const apiShape = z.strictObject({
  Name: z.string(),
  ProtocolType: z.enum(['HTTP', 'WEBSOCKET']),
  RouteSelectionExpression: z.string().optional(),
  DisableExecuteApiEndpoint: flag.default(false),
  IpAddressType: remark,
  Description: remark,
  Tags: remark,
});
const stageShape = z.strictObject({
  ApiId: z.string(),
  StageName: z.string().regex(/^(\$default|[\w-]{1,128})$/),
  AutoDeploy: flag.default(false),
  DeploymentId: z.string().optional(),
  StageVariables: z.record(z.string(), z.string()).optional(),
  Description: remark,
  Tags: remark,
  // Differs from AWS: logs and throttles of a stage are not simulated.
  AccessLogSettings: remark,
  DefaultRouteSettings: remark,
  RouteSettings: z.record(z.string(), z.unknown()).default({}),
});
const deploymentShape = z.strictObject({ ApiId: z.string(), StageName: z.string().optional(), Description: remark });
const domainShape = z.strictObject({
  DomainName: z.string(),
  DomainNameConfigurations: z.array(
    z.strictObject({
      CertificateArn: z.string(),
      EndpointType: z.literal('REGIONAL').optional(),
      SecurityPolicy: remark,
      IpAddressType: remark,
    }),
  ),
  RoutingMode: remark,
  Tags: remark,
});
const mappingShape = z.strictObject({
  ApiId: z.string(),
  DomainName: z.string(),
  Stage: z.string(),
  ApiMappingKey: z.string().default(''),
});

export interface V2Resources {
  readonly apis: Map<string, Api>;
  /** Gives a new API its address. */
  readonly open: (api: Api) => Promise<void>;
  readonly map: (domainName: string, basePath: string, apiId: string, stage: string) => void;
  /** Whether a REST API has this stage: those may be mapped as well. */
  readonly hasRestStage: (apiId: string, stage: string) => boolean;
}

export const v2Resources = (context: GatewayContext, { apis, open, map, hasRestStage }: V2Resources): ResourceTypes => ({
  ...routeResources(context, apis),

  'AWS::ApiGatewayV2::Api': async (request) => {
    const properties = readProperties(apiShape, request);
    const { ProtocolType: protocol, RouteSelectionExpression: expression } = properties;
    if (protocol === 'WEBSOCKET' && expression === undefined) {
      throw new AwsError(400, 'BadRequestException', 'WebSocket APIs must have RouteSelectionExpression');
    }
    if (protocol === 'WEBSOCKET' && expression !== undefined) checkSelectionExpression(expression);
    const id = newResourceId();
    const api: Api = {
      id,
      name: properties.Name,
      logicalId: request.logicalId,
      protocol,
      routeSelectionExpression: expression ?? '',
      disableExecuteApiEndpoint: properties.DisableExecuteApiEndpoint,
      definition: { routes: {}, integrations: {}, authorizers: {} },
      deployments: {},
      stages: {},
    };
    apis.set(id, api);
    await open(api);
    const scheme = protocol === 'HTTP' ? 'https' : 'wss';
    return { ref: id, attributes: { ApiId: id, ApiEndpoint: `${scheme}://${executeApiDomain(id)}` } };
  },

  'AWS::ApiGatewayV2::Deployment': async (request) => {
    const { ApiId, StageName } = readProperties(deploymentShape, request);
    const api = found(apis.get(ApiId), 'API', ApiId);
    const id = newResourceId();
    api.deployments[id] = structuredClone(api.definition);
    if (StageName !== undefined) api.stages[StageName] = { ...found(api.stages[StageName], 'Stage', StageName), deploymentId: id };
    return { ref: id, attributes: { DeploymentId: id } };
  },

  'AWS::ApiGatewayV2::Stage': async (request) => {
    const { ApiId, StageName, AutoDeploy, DeploymentId, StageVariables, RouteSettings } = readProperties(stageShape, request);
    const api = found(apis.get(ApiId), 'API', ApiId);
    for (const key of Object.keys(RouteSettings)) {
      if (Object.values(api.definition.routes).some((route) => route.key === key)) continue;
      throw new AwsError(400, 'BadRequestException', `Unable to find Route by key ${key} within the provided RouteSettings`);
    }
    if (DeploymentId !== undefined) found(api.deployments[DeploymentId], 'Deployment', DeploymentId);
    // A stage that was never deployed serves nothing.
    const stage: Stage = { name: StageName, variables: StageVariables, deploymentId: AutoDeploy ? undefined : (DeploymentId ?? '') };
    api.stages[StageName] = stage;
    return { ref: StageName };
  },

  'AWS::ApiGatewayV2::DomainName': async (request) => {
    const { DomainName } = readProperties(domainShape, request);
    context.publicServer.claim(DomainName);
    context.endpoints.register(`https://${DomainName}`, context.publicServer.origin(DomainName));
    return {
      ref: DomainName,
      attributes: {
        RegionalDomainName: `d-${newResourceId()}.execute-api.${REGION}.${URL_SUFFIX}`,
        RegionalHostedZoneId: 'Z1UJRXOUMOOFQ8',
        DomainNameArn: `arn:aws:apigateway:${REGION}::/domainnames/${DomainName}`,
      },
    };
  },

  'AWS::ApiGatewayV2::ApiMapping': async (request) => {
    const { ApiId, DomainName, Stage: stage, ApiMappingKey } = readProperties(mappingShape, request);
    if (!hasRestStage(ApiId, stage)) found(found(apis.get(ApiId), 'API', ApiId).stages[stage], 'Stage', stage);
    map(DomainName, ApiMappingKey, ApiId, stage);
    const id = newResourceId();
    return { ref: id, attributes: { ApiMappingId: id } };
  },
});
