// AWS::ApiGateway::*: what CloudFormation creates of a REST API.
import { z } from 'zod';
import { REGION, URL_SUFFIX } from '../account.ts';
import { AwsError, type ResourceTypes } from '../services.ts';
import type { GatewayContext } from './context.ts';
import { customResponse, customResponseShape } from './custom-responses.ts';
import { parseFunctionUri } from './function-uri.ts';
import { newResourceId } from './ids.ts';
import { flag, found, readProperties, remark, whole } from './properties.ts';
import type { RestApi } from './rest-api.ts';

const endpointTypes = z.array(z.enum(['REGIONAL', 'EDGE', 'PRIVATE'])).length(1);
const endpoint = z.strictObject({ Types: endpointTypes.optional(), IpAddressType: remark }).optional();

const restApiShape = z.strictObject({
  Name: z.string(),
  Description: remark,
  Tags: remark,
  BinaryMediaTypes: z.array(z.string()).default([]),
  DisableExecuteApiEndpoint: flag.default(false),
  EndpointConfiguration: endpoint,
});
const resourceShape = z.strictObject({ RestApiId: z.string(), ParentId: z.string(), PathPart: z.string() });
const methodShape = z.strictObject({
  RestApiId: z.string(),
  ResourceId: z.string(),
  HttpMethod: z.enum(['ANY', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']),
  AuthorizationType: z.enum(['NONE', 'AWS_IAM']),
  OperationName: remark,
  Integration: z.strictObject({
    Type: z.literal('AWS_PROXY'),
    IntegrationHttpMethod: z.literal('POST'),
    Uri: z.string(),
    ResponseTransferMode: z.enum(['BUFFERED', 'STREAM']).default('BUFFERED'),
    TimeoutInMillis: whole.min(50).optional(),
  }),
});
const deploymentShape = z.strictObject({ RestApiId: z.string(), Description: remark });
const stageShape = z.strictObject({
  RestApiId: z.string(),
  DeploymentId: z.string(),
  StageName: z.string().regex(/^[\w-]{1,128}$/),
  Description: remark,
  Tags: remark,
  Variables: z.record(z.string(), z.string()).optional(),
  // Differs from AWS: logs, traces and throttles of a stage are not simulated.
  AccessLogSetting: remark,
  MethodSettings: remark,
  TracingEnabled: remark,
});
const domainShape = z.strictObject({
  DomainName: z.string(),
  RegionalCertificateArn: remark,
  CertificateArn: remark,
  EndpointConfiguration: endpoint,
  EndpointAccessMode: remark,
  SecurityPolicy: remark,
  Tags: remark,
});
const mappingShape = z.strictObject({ DomainName: z.string(), RestApiId: z.string(), Stage: z.string(), BasePath: z.string().default('') });

/** `open` gives a new API its address; the answer is the API as its custom domain names reach it. */
export const restResources = (
  context: GatewayContext,
  apis: Map<string, RestApi>,
  open: (api: RestApi) => Promise<void>,
  map: (domainName: string, basePath: string, apiId: string, stage: string) => void,
): ResourceTypes => ({
  // The role with which API Gateway writes logs.
  'AWS::ApiGateway::Account': async ({ logicalId }) => ({ ref: logicalId }),

  'AWS::ApiGateway::RestApi': async (request) => {
    const properties = readProperties(restApiShape, request);
    const id = newResourceId();
    const rootId = newResourceId();
    const api: RestApi = {
      id,
      name: properties.Name,
      logicalId: request.logicalId,
      rootId,
      binaryMediaTypes: properties.BinaryMediaTypes.map((type) => type.toLowerCase()),
      disableExecuteApiEndpoint: properties.DisableExecuteApiEndpoint,
      edge: (properties.EndpointConfiguration?.Types?.[0] ?? 'EDGE') === 'EDGE',
      resources: { [rootId]: { id: rootId, pathPart: '', methods: {} } },
      customResponses: {},
      deployments: {},
      stages: {},
    };
    apis.set(id, api);
    await open(api);
    return { ref: id, attributes: { RestApiId: id, RootResourceId: rootId } };
  },

  'AWS::ApiGateway::Resource': async (request) => {
    const { RestApiId, ParentId, PathPart } = readProperties(resourceShape, request);
    const { resources } = found(apis.get(RestApiId), 'API', RestApiId);
    found(resources[ParentId], 'Resource', ParentId);
    const id = newResourceId();
    resources[id] = { id, parentId: ParentId, pathPart: PathPart, methods: {} };
    return { ref: id, attributes: { ResourceId: id } };
  },

  'AWS::ApiGateway::Method': async (request) => {
    const { RestApiId, ResourceId, HttpMethod, AuthorizationType, Integration } = readProperties(methodShape, request);
    const { resources } = found(apis.get(RestApiId), 'API', RestApiId);
    const { functionArn, streaming } = parseFunctionUri(Integration.Uri);
    if (streaming !== (Integration.ResponseTransferMode === 'STREAM')) {
      throw new AwsError(
        400,
        'BadRequestException',
        `ResponseTransferMode ${Integration.ResponseTransferMode} does not go with ${Integration.Uri}.`,
      );
    }
    const { integrationMs, streamMs } = context.quotas.apigateway;
    const timeoutMs = Integration.TimeoutInMillis ?? integrationMs;
    const longest = streaming ? streamMs : integrationMs;
    if (timeoutMs > longest) throw new AwsError(400, 'BadRequestException', `Timeout should be between 50 ms and ${longest} ms.`);
    found(resources[ResourceId], 'Resource', ResourceId).methods[HttpMethod] = {
      httpMethod: HttpMethod,
      authorizationType: AuthorizationType,
      functionArn,
      streaming,
      timeoutMs,
    };
    return { ref: `${request.logicalId}-${ResourceId}` };
  },

  'AWS::ApiGateway::GatewayResponse': async (request) => {
    const { RestApiId, ...described } = readProperties(customResponseShape, request);
    found(apis.get(RestApiId), 'API', RestApiId).customResponses[described.ResponseType] = customResponse(described);
    return { ref: `${RestApiId}-${described.ResponseType}` };
  },

  'AWS::ApiGateway::Deployment': async (request) => {
    const { RestApiId } = readProperties(deploymentShape, request);
    const api = found(apis.get(RestApiId), 'API', RestApiId);
    const hasMethods = Object.values(api.resources).some(({ methods }) => Object.keys(methods).length > 0);
    if (!hasMethods) throw new AwsError(400, 'BadRequestException', "The REST API doesn't contain any methods");
    const id = newResourceId();
    api.deployments[id] = structuredClone({ resources: api.resources, customResponses: api.customResponses });
    return { ref: id, attributes: { DeploymentId: id } };
  },

  'AWS::ApiGateway::Stage': async (request) => {
    const { RestApiId, DeploymentId, StageName, Variables } = readProperties(stageShape, request);
    const api = found(apis.get(RestApiId), 'API', RestApiId);
    found(api.deployments[DeploymentId], 'Deployment', DeploymentId);
    api.stages[StageName] = { name: StageName, deploymentId: DeploymentId, variables: Variables ?? null };
    return { ref: StageName };
  },

  'AWS::ApiGateway::DomainName': async (request) => {
    const { DomainName } = readProperties(domainShape, request);
    context.publicServer.claim(DomainName);
    context.endpoints.register(`https://${DomainName}`, context.publicServer.origin(DomainName));
    const regional = `d-${newResourceId()}.execute-api.${REGION}.${URL_SUFFIX}`;
    return {
      ref: DomainName,
      attributes: { RegionalDomainName: regional, RegionalHostedZoneId: 'Z1UJRXOUMOOFQ8', DistributionDomainName: regional },
    };
  },

  'AWS::ApiGateway::BasePathMapping': async (request) => {
    const { DomainName, RestApiId, Stage, BasePath } = readProperties(mappingShape, request);
    const api = found(apis.get(RestApiId), 'API', RestApiId);
    found(api.stages[Stage], 'Stage', Stage);
    map(DomainName, BasePath, RestApiId, Stage);
    return { ref: `${DomainName}|${BasePath === '' ? '(none)' : BasePath}` };
  },
});
