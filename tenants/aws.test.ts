import { expect, test } from '@jest/globals';
import { parseTenant } from './schema.ts';
import { faultsIn, least } from './testing/tenant-file.ts';

const secret = (name: string, region = 'eu-central-1') => `arn:aws:secretsmanager:${region}:123456789012:secret:${name}-AbCdEf`;
const adopt = {
  registryTable: 'registry',
  directoryTable: 'directory',
  sessionsTable: 'sessions',
  masterKeySecretArn: secret('master'),
  assertionSecretArn: secret('assertion'),
  samlSecretArn: secret('saml'),
};
const kmsKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555';
const webAclArn = 'arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/sallyport/11111111-2222-3333-4444-555555555555';

test('nothing of the account is used unless the file says so', () => {
  expect(parseTenant(least, 'x').aws).toEqual({ deletionProtection: false, kmsKeyArn: null, webAclArn: null, accessLogs: false });
});

test('all of it may be said', () => {
  const aws = { deletionProtection: true, kmsKeyArn, webAclArn, accessLogs: true, adopt };

  expect(parseTenant({ ...least, region: 'eu-central-1', aws }, 'x').aws).toEqual({ ...aws, adopt: { ...adopt, userPoolId: null } });
});

test.each<[string, object]>([
  ['aws.deletionProtection', { deletionProtection: 'yes' }],
  ['aws.kmsKeyArn', { kmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:alias/sallyport' }],
  ['aws.kmsKeyArn', { kmsKeyArn: '11111111-2222-3333-4444-555555555555' }],
  ['aws.webAclArn', { webAclArn: webAclArn.replace('regional', 'global') }],
  ['aws.accessLogs', { accessLogs: 'all' }],
  ['aws.adopt.sessionsTable', { adopt: { ...adopt, sessionsTable: undefined } }],
  ['aws.adopt.masterKeySecretArn', { adopt: { ...adopt, masterKeySecretArn: undefined } }],
  ['aws.adopt.samlSecretArn', { adopt: { ...adopt, samlSecretArn: 'SecretsSaml' } }],
  ['aws.adopt.samlSecretArn', { adopt: { ...adopt, samlSecretArn: secret('saml', 'eu-west-1') } }],
  ['aws.webAclArn', { kmsKeyArn, webAclArn: webAclArn.replace('eu-central-1', 'us-east-1') }],
  ['aws.kms', { kms: kmsKeyArn }],
])('a faulty %s is refused: %j', (path, aws) => {
  expect(faultsIn({ ...least, aws }).map((fault) => fault.path)).toEqual([path]);
});

test('a key of another region than the stack’s is refused', () => {
  expect(faultsIn({ ...least, region: 'eu-north-1', aws: { kmsKeyArn } })).toEqual([
    expect.objectContaining({ path: 'aws.kmsKeyArn', expected: 'a resource of eu-north-1, as all of the stack is' }),
  ]);
});

test('a user pool is gone on with where the stack has one', () => {
  const aws = { adopt: { ...adopt, userPoolId: 'eu-central-1_AbCdEf123' } };
  const { identityProviders: _, ...pooled } = least as Record<string, unknown>;

  expect(faultsIn({ ...pooled, aws })).toEqual([]);
  expect(faultsIn({ ...least, aws }).map(({ path }) => path)).toEqual(['aws.adopt.userPoolId']);
});
