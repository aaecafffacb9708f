import { expect, test } from '@jest/globals';
import { exampleTemplate, resource, resourcesOf } from '../testing/synthesise.ts';

const template = exampleTemplate();

test('is reached by the tenant’s own names only, and takes every type of body as it is', () => {
  template.hasResourceProperties('AWS::ApiGateway::RestApi', {
    DisableExecuteApiEndpoint: true,
    EndpointConfiguration: { Types: ['REGIONAL'] },
    BinaryMediaTypes: ['*/*'],
  });
  template.hasResourceProperties('AWS::ApiGateway::DomainName', {
    DomainName: '*.apps.example.com',
    EndpointConfiguration: { Types: ['REGIONAL'] },
    SecurityPolicy: 'TLS_1_2',
    RegionalCertificateArn: { Ref: 'CertificateArn' },
  });
});

test('each alternate host is a domain name of the same API, under the same certificate', () => {
  const domains = Object.values(resourcesOf(template, 'AWS::ApiGateway::DomainName')).map(({ Properties }) => Properties);
  const mapped = Object.values(resourcesOf(template, 'AWS::ApiGateway::BasePathMapping'));

  expect(domains.map(({ DomainName }) => DomainName).sort()).toEqual(['*.apps.example.com', 'people.example.com']);
  for (const { RegionalCertificateArn } of domains) expect(RegionalCertificateArn).toEqual({ Ref: 'CertificateArn' });
  expect(mapped).toHaveLength(2);
});

test('every method on every path streams from the router for 15 minutes', () => {
  const methods = Object.values(resourcesOf(template, 'AWS::ApiGateway::Method')).map(({ Properties }) => Properties);
  const router = Object.keys(resourcesOf(template, 'AWS::Lambda::Function')).find((id) => id.startsWith('IngressRouter'));

  expect(methods).toHaveLength(2);
  for (const method of methods) {
    expect(method).toMatchObject({
      HttpMethod: 'ANY',
      Integration: { Type: 'AWS_PROXY', ResponseTransferMode: 'STREAM', TimeoutInMillis: 900_000 },
    });
    expect(JSON.stringify(method.Integration)).toContain(`"${router}","Arn"]},"/response-streaming-invocations"`);
    expect(JSON.stringify(method.Integration)).toContain('2021-11-15/functions/');
  }
  template.hasResourceProperties('AWS::ApiGateway::Resource', { PathPart: '{proxy+}' });
});

test('is throttled below the account’s limit', () => {
  template.hasResourceProperties('AWS::ApiGateway::Stage', {
    StageName: 'live',
    MethodSettings: [
      { HttpMethod: '*', ResourcePath: '/*', ThrottlingBurstLimit: 1_500, ThrottlingRateLimit: 3_000, DataTraceEnabled: false },
    ],
  });
});

test('the router knows the portal, both WebSocket APIs and its tables', () => {
  const { Environment, Timeout } = resource(template, 'AWS::Lambda::Function', 'IngressRouter').Properties as {
    Environment: { Variables: Record<string, unknown> };
    Timeout: number;
  };

  expect(Timeout).toBe(900);
  expect(Environment.Variables).toMatchObject({ TENANT: 'example', PORTAL_URL: 'https://portal.example.com' });
  expect(JSON.stringify(Environment.Variables.TUNNEL_API_ENDPOINT)).toMatch(/"https:\/\/",\{"Ref":"TunnelApi/);
  expect(JSON.stringify(Environment.Variables.REPLY_API_URL)).toMatch(/"wss:\/\/",\{"Ref":"ReplyApi/);
});

test('what API Gateway answers itself has a code of ours, and a too large upload the limit', () => {
  const answers = Object.values(resourcesOf(template, 'AWS::ApiGateway::GatewayResponse')).map(({ Properties }) => Properties);

  const problems = answers.map(({ ResponseType, ResponseTemplates }) => [
    ResponseType,
    JSON.parse((ResponseTemplates as Record<string, string>)['application/json']!),
  ]);

  expect(problems).toEqual([
    ['REQUEST_TOO_LARGE', expect.objectContaining({ code: 'ERR_BODY_TOO_LARGE', detail: expect.stringContaining('4.4 MB') })],
    ['DEFAULT_5XX', expect.objectContaining({ code: 'ERR_INTERNAL', id: '$context.requestId' })],
  ]);
  for (const { ResponseParameters } of answers) {
    expect(ResponseParameters).toMatchObject({ 'gatewayresponse.header.Content-Type': "'application/problem+json'" });
  }
});
