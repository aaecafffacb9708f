import { describe, expect, test } from '@jest/globals';
import { exampleTemplate, type Resource, resource, resourcesOf } from '../testing/synthesise.ts';

const template = exampleTemplate();

/** What is attached to each route of the API whose id begins so. */
const routesOf = (api: string) => {
  const apiId = Object.keys(resourcesOf(template, 'AWS::ApiGatewayV2::Api')).find((id) => id.startsWith(api));
  const routes = Object.entries(resourcesOf(template, 'AWS::ApiGatewayV2::Route')).filter(([, { Properties }]) =>
    refersTo(Properties.ApiId, apiId!),
  );
  return Object.fromEntries(routes.map(([id, route]) => [route.Properties.RouteKey, describeRoute(id, route)]));
};

const refersTo = (value: unknown, id: string): boolean => JSON.stringify(value) === JSON.stringify({ Ref: id });

const describeRoute = (id: string, { Properties }: Resource) => {
  const [, integrationId] = (Properties.Target as { 'Fn::Join': [string, [string, { Ref: string }]] })['Fn::Join'][1];
  const integration = resourcesOf(template, 'AWS::ApiGatewayV2::Integration')[integrationId.Ref]!.Properties;
  const answers = Object.values(resourcesOf(template, 'AWS::ApiGatewayV2::IntegrationResponse')).filter((answer) =>
    refersTo(answer.Properties.IntegrationId, integrationId.Ref),
  );
  const hasReply = Object.values(resourcesOf(template, 'AWS::ApiGatewayV2::RouteResponse')).some((reply) =>
    refersTo(reply.Properties.RouteId, id),
  );
  return {
    integration: integration.IntegrationType,
    authorised: Properties.AuthorizationType,
    hasReply,
    answers: answers.map((answer) => answer.Properties.ResponseTemplates),
    requestTemplates: integration.RequestTemplates,
  };
};

const served = { integration: 'AWS_PROXY', authorised: 'NONE', hasReply: true, answers: [], requestTemplates: undefined };

describe('the Tunnel API', () => {
  test('authorises $connect, serves hello, heartbeat and drain, and answers probe by itself', () => {
    expect(routesOf('TunnelApi')).toEqual({
      $connect: { ...served, authorised: 'CUSTOM', hasReply: false },
      $disconnect: { ...served, hasReply: false },
      hello: served,
      heartbeat: served,
      drain: served,
      probe: {
        integration: 'MOCK',
        authorised: 'NONE',
        hasReply: true,
        answers: [{ 200: '{"type":"echo"}' }],
        requestTemplates: { 200: '{"statusCode":200}' },
      },
    });
  });

  test('asks for the connector’s token before anything runs', () => {
    const { Properties } = resource(template, 'AWS::ApiGatewayV2::Authorizer', 'TunnelApi');

    expect(Properties).toMatchObject({ AuthorizerType: 'REQUEST', IdentitySource: ['route.request.header.Authorization'] });
  });
});

describe('the Reply API', () => {
  test('authorises $connect, tells a router its connection without a function, and serves what users send', () => {
    expect(routesOf('ReplyApi')).toEqual({
      $connect: {
        integration: 'MOCK',
        authorised: 'CUSTOM',
        hasReply: true,
        answers: [{ 200: '{}' }],
        requestTemplates: { 200: '{"statusCode":200}' },
      },
      $default: served,
      $disconnect: { ...served, hasReply: false },
      whoami: {
        integration: 'MOCK',
        authorised: 'NONE',
        hasReply: true,
        answers: [{ 200: '{"type":"you-are","connectionId":"$context.connectionId"}' }],
        requestTemplates: { 200: '{"statusCode":200}' },
      },
    });
    expect(resource(template, 'AWS::ApiGatewayV2::Authorizer', 'ReplyApi').Properties).toMatchObject({
      IdentitySource: ['route.request.querystring.ticket'],
    });
  });

  test('is posted to with a role that only the tunnels’ function can take, for an hour', () => {
    const { AssumeRolePolicyDocument, MaxSessionDuration } = resource(template, 'AWS::IAM::Role', 'ReplyApiReplyRole').Properties;
    const tunnelsRole = Object.keys(resourcesOf(template, 'AWS::IAM::Role')).find((id) => id.startsWith('TunnelApiTunnelsRole'));

    expect(MaxSessionDuration).toBe(3600);
    expect(AssumeRolePolicyDocument).toMatchObject({
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: { 'Fn::GetAtt': [tunnelsRole, 'Arn'] } } }],
    });
    expect((AssumeRolePolicyDocument as { Statement: unknown[] }).Statement).toHaveLength(1);
  });
});

test.each([
  ['TunnelApi', 500, 100],
  ['ReplyApi', 5000, 300],
])('%s routes by the message’s type, deploys itself, and has a rate of its own for who connects', (prefix, limit, connects) => {
  expect(resource(template, 'AWS::ApiGatewayV2::Api', prefix).Properties).toMatchObject({
    ProtocolType: 'WEBSOCKET',
    RouteSelectionExpression: '$request.body.type',
  });
  expect(resource(template, 'AWS::ApiGatewayV2::Stage', prefix).Properties).toMatchObject({
    StageName: 'live',
    AutoDeploy: true,
    DefaultRouteSettings: { ThrottlingBurstLimit: limit, ThrottlingRateLimit: limit },
    RouteSettings: { $connect: { ThrottlingBurstLimit: connects, ThrottlingRateLimit: connects } },
  });
});
