// AWS::ApiGatewayV2::Route, Integration, Authorizer and the responses: what a message or request meets inside an API.
import { z } from 'zod';
import type { GatewayContext } from '../apigateway/context.ts';
import { parseFunctionUri } from '../apigateway/function-uri.ts';
import { newResourceId } from '../apigateway/ids.ts';
import { flag, found, readProperties, remark, whole } from '../apigateway/properties.ts';
import { AwsError, type ResourceTypes } from '../services.ts';
import type { Api, Integration } from './api.ts';
import { checkIdentitySource } from './identity-source.ts';
import { checkTemplates, templateKey } from './mapping-template.ts';
import { checkMock } from './mock-integration.ts';

const templates = z.record(z.string(), z.string()).default({});

const integrationShape = z.strictObject({
  ApiId: z.string(),
  IntegrationType: z.enum(['AWS_PROXY', 'MOCK']),
  IntegrationUri: z.string().optional(),
  IntegrationMethod: z.literal('POST').optional(),
  ConnectionType: z.literal('INTERNET').optional(),
  PayloadFormatVersion: z.string().optional(),
  PassthroughBehavior: remark,
  RequestTemplates: templates,
  TemplateSelectionExpression: z.string().optional(),
  TimeoutInMillis: whole.min(50).optional(),
  Description: remark,
});
const routeShape = z.strictObject({
  ApiId: z.string(),
  RouteKey: z.string(),
  AuthorizationType: z.enum(['NONE', 'AWS_IAM', 'CUSTOM']).default('NONE'),
  AuthorizerId: z.string().optional(),
  RouteResponseSelectionExpression: z.literal('$default').optional(),
  Target: z.string().optional(),
  OperationName: remark,
  ApiKeyRequired: z.literal(false).optional(),
});
const authorizerShape = z.strictObject({
  ApiId: z.string(),
  Name: z.string(),
  AuthorizerType: z.literal('REQUEST'),
  AuthorizerUri: z.string(),
  IdentitySource: z.array(z.string()).default([]),
  AuthorizerPayloadFormatVersion: z.literal('2.0').optional(),
  EnableSimpleResponses: flag.default(false),
  AuthorizerResultTtlInSeconds: whole.min(0).max(3600).optional(),
});
const routeResponseShape = z.strictObject({ ApiId: z.string(), RouteId: z.string(), RouteResponseKey: z.literal('$default') });
const integrationResponseShape = z.strictObject({
  ApiId: z.string(),
  IntegrationId: z.string(),
  IntegrationResponseKey: z.string().regex(/^(\$default|\d{3}|\/.+\/)$/),
  ResponseTemplates: templates,
  TemplateSelectionExpression: z.string().optional(),
});

const refuse = (message: string): never => {
  throw new AwsError(400, 'BadRequestException', message);
};

export const routeResources = ({ quotas }: GatewayContext, apis: ReadonlyMap<string, Api>): ResourceTypes => ({
  'AWS::ApiGatewayV2::Integration': async (request) => {
    const properties = readProperties(integrationShape, request);
    const { protocol, definition } = found(apis.get(properties.ApiId), 'API', properties.ApiId);
    const { integrationMs, httpIntegrationMs } = quotas.apigatewayv2;
    const longest = protocol === 'HTTP' ? httpIntegrationMs : integrationMs;
    const timeoutMs = properties.TimeoutInMillis ?? longest;
    if (timeoutMs > longest) refuse(`TimeoutInMillis should be between 50 and ${longest}.`);
    const id = newResourceId();
    const common = { id, timeoutMs, responses: [] };
    if (properties.IntegrationType === 'MOCK') {
      if (protocol === 'HTTP') refuse('MOCK integrations are for WebSocket APIs.');
      const { RequestTemplates: requestTemplates, TemplateSelectionExpression: templateSelectionExpression } = properties;
      checkTemplates(requestTemplates);
      checkMock({ requestTemplates, templateSelectionExpression });
      definition.integrations[id] = { ...common, type: 'MOCK', requestTemplates, templateSelectionExpression };
    } else {
      if (protocol === 'HTTP' && properties.PayloadFormatVersion !== '2.0') refuse('The simulator knows payload format version 2.0 only.');
      if (Object.keys(properties.RequestTemplates).length > 0) refuse('A proxy integration takes no request templates here.');
      const { functionArn, streaming } = parseFunctionUri(properties.IntegrationUri ?? '');
      if (streaming) refuse('Only REST APIs stream responses.');
      definition.integrations[id] = { ...common, type: 'AWS_PROXY', functionArn, requestTemplates: {} };
    }
    return { ref: id, attributes: { IntegrationId: id } };
  },

  'AWS::ApiGatewayV2::IntegrationResponse': async (request) => {
    const properties = readProperties(integrationResponseShape, request);
    const { definition } = found(apis.get(properties.ApiId), 'API', properties.ApiId);
    const integration: Integration = found(definition.integrations[properties.IntegrationId], 'Integration', properties.IntegrationId);
    if (integration.type !== 'MOCK') refuse('A proxy integration has no integration response.');
    checkTemplates(properties.ResponseTemplates);
    const key = templateKey(properties.TemplateSelectionExpression);
    if (Object.keys(properties.ResponseTemplates).length > 0 && !Object.hasOwn(properties.ResponseTemplates, key)) {
      refuse(`The response templates have no ${key}, which the template selection expression asks for.`);
    }
    integration.responses.push({
      key: properties.IntegrationResponseKey,
      templates: properties.ResponseTemplates,
      templateSelectionExpression: properties.TemplateSelectionExpression,
    });
    return { ref: newResourceId() };
  },

  'AWS::ApiGatewayV2::Route': async (request) => {
    const properties = readProperties(routeShape, request);
    const { protocol, definition } = found(apis.get(properties.ApiId), 'API', properties.ApiId);
    const { RouteKey: key, AuthorizationType: authorizationType, AuthorizerId: authorizerId, Target } = properties;
    if (Object.values(definition.routes).some((route) => route.key === key)) refuse(`Route with key ${key} already exists for this API`);
    if (!(protocol === 'HTTP' ? HTTP_KEY : WEBSOCKET_KEY).test(key)) refuse(`The provided route key is not formatted properly: ${key}`);
    if (protocol === 'WEBSOCKET' && key !== '$connect' && authorizationType !== 'NONE') {
      refuse(`Only the $connect route can have an authorizer; ${key} has one.`);
    }
    if (authorizationType === 'CUSTOM') found(definition.authorizers[authorizerId ?? ''], 'authorizer', authorizerId ?? '');
    const integrationId = Target === undefined ? undefined : /^integrations\/(\w+)$/.exec(Target)?.[1];
    if (Target !== undefined) found(definition.integrations[integrationId ?? ''], 'Integration', Target);
    const id = newResourceId();
    definition.routes[id] = { id, key, authorizationType, authorizerId, integrationId, hasResponse: false };
    return { ref: id, attributes: { RouteId: id } };
  },

  'AWS::ApiGatewayV2::RouteResponse': async (request) => {
    const { ApiId, RouteId } = readProperties(routeResponseShape, request);
    const { definition } = found(apis.get(ApiId), 'API', ApiId);
    definition.routes[RouteId] = { ...found(definition.routes[RouteId], 'Route', RouteId), hasResponse: true };
    return { ref: newResourceId() };
  },

  'AWS::ApiGatewayV2::Authorizer': async (request) => {
    const properties = readProperties(authorizerShape, request);
    const { protocol, definition } = found(apis.get(properties.ApiId), 'API', properties.ApiId);
    if (protocol === 'WEBSOCKET' && properties.AuthorizerResultTtlInSeconds !== undefined) {
      refuse('AuthorizerResultTtlInSeconds cannot be set for WEBSOCKET');
    }
    if (protocol === 'WEBSOCKET' && properties.EnableSimpleResponses) refuse('EnableSimpleResponses is for HTTP APIs.');
    if (protocol === 'HTTP' && properties.AuthorizerPayloadFormatVersion !== '2.0')
      refuse('The simulator knows payload format version 2.0 only.');
    for (const source of properties.IdentitySource) checkIdentitySource(source);
    const { functionArn } = parseFunctionUri(properties.AuthorizerUri);
    const id = newResourceId();
    definition.authorizers[id] = {
      id,
      functionArn,
      identitySources: properties.IdentitySource,
      simpleResponses: properties.EnableSimpleResponses,
      ttlMs: (properties.AuthorizerResultTtlInSeconds ?? 0) * 1000,
    };
    return { ref: id, attributes: { AuthorizerId: id } };
  },
});

const HTTP_KEY = /^(\$default|(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) \/\S*)$/;
/** Keys of one's own may not begin with `$`. */
const WEBSOCKET_KEY = /^(\$connect|\$disconnect|\$default|[^$].*)$/;
