import { expect, test } from '@jest/globals';
import { exampleTemplate, resource, resourcesOf } from '../testing/synthesise.ts';

const template = exampleTemplate();

test('sends enrolment, control and everything else to a function each; control asks for AWS’s signature', () => {
  const api = Object.keys(resourcesOf(template, 'AWS::ApiGatewayV2::Api')).find((id) => id.startsWith('Portal'));
  const integrations = resourcesOf(template, 'AWS::ApiGatewayV2::Integration');
  const routes = Object.values(resourcesOf(template, 'AWS::ApiGatewayV2::Route'))
    .filter(({ Properties }) => JSON.stringify(Properties.ApiId) === JSON.stringify({ Ref: api }))
    .map(({ Properties }) => {
      const { Ref } = (Properties.Target as { 'Fn::Join': [string, [string, { Ref: string }]] })['Fn::Join'][1][1];
      const { IntegrationUri, PayloadFormatVersion } = integrations[Ref]!.Properties;
      return [
        Properties.RouteKey,
        Properties.AuthorizationType,
        JSON.stringify(IntegrationUri).replace(/[0-9A-F]{8}"/, '"'),
        PayloadFormatVersion,
      ];
    });

  expect(routes).toEqual([
    ['$default', 'NONE', '{"Fn::GetAtt":["PortalFunction","Arn"]}', '2.0'],
    ['POST /connectors/enrol', 'NONE', '{"Fn::GetAtt":["PortalEnrolmentFunction","Arn"]}', '2.0'],
    ['ANY /control/{proxy+}', 'AWS_IAM', '{"Fn::GetAtt":["PortalControlFunction","Arn"]}', '2.0'],
  ]);
});

test('keeps its execute-api address, by which administrators call control', () => {
  const { Properties } = resource(template, 'AWS::ApiGatewayV2::Api', 'Portal');

  expect(Properties).toMatchObject({ ProtocolType: 'HTTP' });
  expect(Properties.DisableExecuteApiEndpoint).toBeUndefined();
  expect(Properties.CorsConfiguration).toBeUndefined();
});

test('answers on the portal’s host', () => {
  template.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
    DomainName: 'portal.example.com',
    DomainNameConfigurations: [{ CertificateArn: { Ref: 'CertificateArn' }, EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' }],
  });
});

test('the portal’s function knows the identity providers, and not their secrets', () => {
  const { Environment } = resource(template, 'AWS::Lambda::Function', 'PortalFunction').Properties as {
    Environment: { Variables: Record<string, unknown> };
  };

  expect(JSON.parse(String(Environment.Variables.IDENTITY_PROVIDERS))).toEqual([
    {
      protocol: 'openid',
      id: 'main',
      name: 'Example Ltd',
      emailDomains: ['example.com'],
      issuer: 'https://login.example.com/',
      clientId: 'sallyport',
      scopes: ['openid', 'profile', 'email', 'groups'],
      groupsFrom: 'claims',
      clientAuthentication: 'secret',
      signOut: 'openid',
      claims: { username: 'preferred_username', name: 'name', email: 'email', groups: 'groups', further: ['department'] },
      secondFactor: { amr: ['mfa'], acr: ['urn:example:mfa'] },
    },
  ]);
  expect(Environment.Variables).toMatchObject({
    SESSION_LIFETIME_MINUTES: '480',
    SESSION_IDLE_MINUTES: '60',
    SESSION_REFRESH_MINUTES: '15',
    CLIENT_SECRETS: { 'Fn::Join': ['', ['{"main":"', { Ref: expect.stringMatching(/^SecretsClientSecretmain/) }, '"}']] },
  });
});

test('control knows which claims headers may carry', () => {
  const { Environment } = resource(template, 'AWS::Lambda::Function', 'PortalControl').Properties as {
    Environment: { Variables: Record<string, string> };
  };

  expect(JSON.parse(Environment.Variables.CLAIMS!)).toEqual(['subject', 'issuer', 'username', 'name', 'email', 'groups', 'department']);
});
