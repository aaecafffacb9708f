import { expect, test } from '@jest/globals';
import { Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ProxyFunction } from './proxy-function.ts';
import { resourcesOf, testApp } from './testing/synthesise.ts';

const build = () => {
  const stack = new Stack(testApp(), 'Function');
  const made = new ProxyFunction(stack, 'Authorizer', {
    folder: 'reply-authorizer',
    environment: ['ONE', 'TWO'],
    description: 'An authorizer',
    timeout: Duration.seconds(10),
  });
  return { stack, made };
};

test('a function runs on the newest Node on arm64 with its own role and log group', () => {
  const { stack, made } = build();
  made.set('ONE', '1');
  made.set('TWO', '2');

  const template = Template.fromStack(stack);

  template.hasResourceProperties('AWS::Lambda::Function', {
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    Handler: 'index.handler',
    Environment: { Variables: { ONE: '1', TWO: '2' } },
    LoggingConfig: { LogGroup: { Ref: Object.keys(resourcesOf(template, 'AWS::Logs::LogGroup'))[0] } },
  });
  template.hasResource('AWS::Logs::LogGroup', { Properties: { RetentionInDays: 90 }, DeletionPolicy: 'RetainExceptOnCreate' });
});

test('a function may do nothing but write its log', () => {
  const { stack, made } = build();
  made.set('ONE', '1');
  made.set('TWO', '2');

  const template = Template.fromStack(stack);

  const [role] = Object.values(resourcesOf(template, 'AWS::IAM::Role'));
  expect(role?.Properties.ManagedPolicyArns).toBeUndefined();
  const [policy] = Object.values(resourcesOf(template, 'AWS::IAM::Policy'));
  const log = Object.keys(resourcesOf(template, 'AWS::Logs::LogGroup'))[0];
  expect(policy?.Properties.PolicyDocument).toEqual({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: { 'Fn::GetAtt': [log, 'Arn'] } }],
  });
});

test('a function whose environment lacks a name is not deployed', () => {
  const { stack, made } = build();
  made.set('ONE', '1');

  expect(() => Template.fromStack(stack)).toThrow(/reply-authorizer\/environment\.ts names TWO, which lib\/ does not set/);
});
