import { expect, test } from '@jest/globals';
import { conditionHolds, type Scope } from './intrinsics.ts';
import { creationOrder } from './order.ts';
import { ruleFaults } from './rules.ts';
import type { Template } from './template.ts';

const faultsOf = (Resources: object, Conditions: object = {}): string[] => {
  const template = { Parameters: {}, Conditions, Mappings: {}, Resources, Outputs: {} } as Template;
  const scope: Scope = { template, stackName: 's', parameters: new Map(), created: new Map() };
  const isWanted = ({ Condition }: { readonly Condition?: string }) => Condition === undefined || conditionHolds(Condition, scope);
  return ruleFaults(template, creationOrder(template, isWanted, scope), scope);
};

const ref = (Ref: string) => ({ Ref });
const v2 = (type: string, properties: object, more: object = {}) => ({
  Type: `AWS::ApiGatewayV2::${type}`,
  Properties: { ApiId: ref('Api'), ...properties },
  ...more,
});
const target = (integration: string) => ({ 'Fn::Join': ['', ['integrations/', ref(integration)]] });

const PARTS = ['Connect', 'ConnectAnswer', 'ConnectReply', 'Hello', 'HelloReply'];

/** A WebSocket API that AWS takes: `$connect` by MOCK, `hello` by a function. */
const socketApi = (changes: Record<string, object | undefined> = {}): Record<string, object> => {
  const resources: Record<string, object | undefined> = {
    Stage: v2('Stage', { StageName: 'live', AutoDeploy: true }, { DependsOn: PARTS }),
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'WEBSOCKET' } },
    Mock: v2('Integration', { IntegrationType: 'MOCK' }),
    Proxy: v2('Integration', { IntegrationType: 'AWS_PROXY' }),
    Connect: v2('Route', { RouteKey: '$connect', Target: target('Mock'), RouteResponseSelectionExpression: '$default' }),
    ConnectAnswer: v2('IntegrationResponse', { IntegrationId: ref('Mock') }),
    ConnectReply: v2('RouteResponse', { RouteId: ref('Connect') }),
    Hello: v2('Route', {
      RouteKey: 'hello',
      Target: { 'Fn::Sub': 'integrations/$' + '{Proxy}' },
      RouteResponseSelectionExpression: '$default',
    }),
    HelloReply: v2('RouteResponse', { RouteId: ref('Hello') }),
    ...changes,
  };
  return Object.fromEntries(Object.entries(resources).filter(([, resource]) => resource !== undefined)) as Record<string, object>;
};

/** The same, whose stage depends on these only. */
const stageAfter = (...DependsOn: string[]) => v2('Stage', { StageName: 'live', AutoDeploy: true }, { DependsOn });
const without = (...names: string[]) => ({
  ...Object.fromEntries(names.map((name) => [name, undefined])),
  Stage: stageAfter(...PARTS.filter((name) => !names.includes(name))),
});

test('a WebSocket API whose stage comes last, and whose MOCK answers, is taken', () => {
  expect(faultsOf(socketApi())).toEqual([]);
});

test.each<[string, Record<string, object | undefined>, string]>([
  ['depends on no route', { Stage: stageAfter() }, 'Stage: At least one route is required before deploying the Api: it depends on none'],
  [
    'depends on some of its routes only',
    { Stage: stageAfter('ConnectAnswer', 'ConnectReply') },
    'Stage: it is deployed without Proxy, Hello, HelloReply, on which it does not depend',
  ],
  [
    'does not depend on an integration response',
    { Stage: stageAfter('ConnectReply', 'HelloReply') },
    'Stage: it is deployed without ConnectAnswer, on which it does not depend',
  ],
  [
    'does not depend on a route response',
    { Stage: stageAfter('Connect', 'ConnectAnswer', 'HelloReply') },
    'Stage: it is deployed without ConnectReply, on which it does not depend',
  ],
  [
    'is deployed by a deployment that is early',
    {
      Deployment: v2('Deployment', {}),
      Stage: v2('Stage', { StageName: 'live', DeploymentId: ref('Deployment') }),
    },
    'Deployment: At least one route is required before deploying the Api: it depends on none',
  ],
])('a stage is refused that %s', (_, changes, fault) => {
  expect(faultsOf(socketApi(changes))).toEqual([fault]);
});

test.each<[string, Record<string, object | undefined>, string]>([
  [
    'a MOCK without an integration response',
    without('ConnectAnswer'),
    'Mock: an integration of type MOCK needs an integration response, or each use has status 500',
  ],
  [
    'a MOCK on $connect without a route response',
    {
      ...without('ConnectReply'),
      Connect: v2('Route', { RouteKey: '$connect', Target: target('Mock') }),
    },
    'Connect: $connect with an integration of type MOCK needs a route response, or has status 500',
  ],
  [
    'a route response that nothing selects',
    { Connect: v2('Route', { RouteKey: '$connect', Target: target('Mock') }) },
    'Connect: a route response and RouteResponseSelectionExpression go together, and it has one of them',
  ],
  [
    'a selection of a route response that is not there',
    without('HelloReply'),
    'Hello: a route response and RouteResponseSelectionExpression go together, and it has one of them',
  ],
])('%s is refused', (_, changes, fault) => {
  expect(faultsOf(socketApi(changes))).toEqual([fault]);
});

test('what a condition leaves out is neither asked for nor enough', () => {
  const never = { Never: { 'Fn::Equals': ['a', 'b'] } };
  const absent = v2('IntegrationResponse', { IntegrationId: ref('Mock') }, { Condition: 'Never' });

  expect(faultsOf(socketApi({ ConnectAnswer: absent }), never)).toEqual([
    'Mock: an integration of type MOCK needs an integration response, or each use has status 500',
  ]);
  expect(faultsOf(socketApi({ More: v2('Route', { RouteKey: 'more' }, { Condition: 'Never' }) }), never)).toEqual([]);
});

test('an HTTP API is deployed without routes, a REST API not without methods', () => {
  const http = { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } };
  const stage = v2('Stage', { StageName: '$default', AutoDeploy: true });
  const rest = {
    Rest: { Type: 'AWS::ApiGateway::RestApi', Properties: {} },
    Deployment: { Type: 'AWS::ApiGateway::Deployment', Properties: { RestApiId: ref('Rest') } },
    Method: { Type: 'AWS::ApiGateway::Method', Properties: { RestApiId: ref('Rest') } },
  };

  expect(faultsOf({ Api: http, Stage: stage })).toEqual([]);
  expect(faultsOf(rest)).toEqual(["Deployment: The REST API doesn't contain any methods: it depends on none"]);
  expect(faultsOf({ ...rest, Deployment: { ...rest.Deployment, DependsOn: 'Method' } })).toEqual([]);
});

test('a custom resource comes after the policies of its function', () => {
  const resources = (DependsOn: string[]) => ({
    Custom: { Type: 'Custom::Thing', Properties: { ServiceToken: { 'Fn::GetAtt': ['Writer', 'Arn'] } }, DependsOn },
    Writer: { Type: 'AWS::Lambda::Function', Properties: { Role: { 'Fn::GetAtt': ['Role', 'Arn'] } } },
    Role: { Type: 'AWS::IAM::Role', Properties: {} },
    Policy: { Type: 'AWS::IAM::Policy', Properties: { Roles: [ref('Role')] } },
  });

  expect(faultsOf(resources([]))).toEqual(['Custom: its function may run before Policy is there, on which it does not depend']);
  expect(faultsOf(resources(['Policy']))).toEqual([]);
});
