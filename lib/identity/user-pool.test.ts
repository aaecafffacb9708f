import { expect, test } from '@jest/globals';
import { exampleTemplate, grants, resource, resourcesOf } from '../testing/synthesise.ts';

const template = exampleTemplate({ identityProviders: [] });
const cognito = (type: string) => resource(template, `AWS::Cognito::${type}`, 'Users');

test('pool, sign-in page and client', () => {
  expect([cognito('UserPool'), cognito('UserPoolDomain'), cognito('UserPoolClient')]).toMatchSnapshot();
});

test('a tenant that names its provider has no pool', () => {
  expect(
    Object.values(exampleTemplate().toJSON().Resources as Record<string, { Type: string }>).filter(({ Type }) => Type.includes('Cognito')),
  ).toEqual([]);
});

test('no function may do anything to it, and there is no client secret', () => {
  expect(grants(template, 'PortalRole').filter((grant) => /cognito|ClientSecret/i.test(grant))).toEqual([]);
  expect(Object.keys(resourcesOf(template, 'AWS::SecretsManager::Secret')).filter((id) => id.includes('ClientSecret'))).toEqual([]);
  expect(Object.keys(resourcesOf(template, 'AWS::IAM::Policy'))).toHaveLength(
    Object.keys(resourcesOf(exampleTemplate(), 'AWS::IAM::Policy')).length,
  );
});

test.each(['PortalFunction', 'IngressRouterFunction'])('%s knows the pool as its provider, by reference', (name) => {
  const { Environment } = resource(template, 'AWS::Lambda::Function', name).Properties as {
    Environment: { Variables: Record<string, unknown> };
  };
  const { 'Fn::Join': joined } = Environment.Variables.IDENTITY_PROVIDERS as { 'Fn::Join': [string, (string | { Ref: string })[]] };
  const text = joined[1].map((part) => (typeof part === 'string' ? part : part.Ref.replace(/[0-9A-F]{8}$/, ''))).join('');

  expect(JSON.parse(text)).toEqual([
    expect.objectContaining({
      id: 'users',
      issuer: expect.stringMatching(/^https:\/\/cognito-idp\.AWS::Region\.AWS::URLSuffix\/UsersPool/),
      clientId: expect.stringMatching(/^UsersPoolPortal/),
      clientAuthentication: 'none',
      claims: { username: 'email', name: 'name', email: 'email', groups: 'cognito:groups', further: [] },
    }),
  ]);
});

test('an output makes the first user, and none asks to register anything', () => {
  const outputs = Object.keys(template.toJSON().Outputs);

  expect(outputs).toEqual(expect.arrayContaining(['UserPoolId', 'CreateUserCommand']));
  expect(outputs.filter((name) => /RedirectUri|ClientSecret/.test(name))).toEqual([]);
});
