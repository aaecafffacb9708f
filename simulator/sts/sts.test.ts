import { AssumeRoleCommand, GetCallerIdentityCommand, GetFederationTokenCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AwsFixture, startAwsFixture } from '../aws-fixture.ts';
import { createManualClock } from '../clock.ts';
import type { AccessKeys } from '../services.ts';

let aws: AwsFixture;

beforeAll(async () => {
  aws = await startAwsFixture();
});
afterAll(() => aws.dispose());

const trusting = (principal: unknown, extra: object = {}) => ({
  AssumeRolePolicyDocument: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole', ...extra }],
  },
});
const ACCOUNT = { AWS: 'arn:aws:iam::123456789012:root' };

const createRole = async (logicalId: string, properties: Record<string, unknown>): Promise<string> =>
  (await aws.create('AWS::IAM::Role', logicalId, properties)).attributes?.Arn ?? '';

const assume = (roleArn: string, keys?: AccessKeys, more: object = {}) =>
  aws.sts(keys).send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'session-1', ...more }));

const keysOf = (answer: Awaited<ReturnType<typeof assume>>): AccessKeys => ({
  accessKeyId: answer.Credentials?.AccessKeyId ?? '',
  secretAccessKey: answer.Credentials?.SecretAccessKey ?? '',
  sessionToken: answer.Credentials?.SessionToken ?? '',
});

const mayAssume = (resource: string) => [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: resource }];

test('the administrator learns who he is', async () => {
  const identity = await aws.sts().send(new GetCallerIdentityCommand({}));

  expect(identity).toMatchObject({ Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/administrator' });
});

test('a session is named after role and session', async () => {
  const roleArn = await createRole('Named', { ...trusting(ACCOUNT), RoleName: 'named' });

  const answer = await assume(roleArn);

  expect(answer.AssumedRoleUser?.Arn).toBe('arn:aws:sts::123456789012:assumed-role/named/session-1');
  expect(answer.Credentials?.Expiration).toBeInstanceOf(Date);
  const identity = await aws.sts(keysOf(answer)).send(new GetCallerIdentityCommand({}));
  expect(identity.Arn).toBe(answer.AssumedRoleUser?.Arn);
  expect(identity.UserId).toBe(answer.AssumedRoleUser?.AssumedRoleId);
});

test('a session that has expired is refused', async () => {
  const clock = createManualClock(Date.now());
  const later = await startAwsFixture({ clock });
  const { ref } = await later.create('AWS::IAM::Role', 'Expiring', { ...trusting(ACCOUNT), RoleName: 'expiring' });
  const answer = await later
    .sts()
    .send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::123456789012:role/${ref}`, RoleSessionName: 'session-1', DurationSeconds: 900 }));
  await clock.advance(901_000);
  const client = later.sts(keysOf(answer));
  // The SDK learns by how much its clock is off from the answer to its first attempt.
  await client.send(new GetCallerIdentityCommand({})).catch(() => {});

  const refusal = client.send(new GetCallerIdentityCommand({}));

  await expect(refusal).rejects.toMatchObject({ name: expect.stringMatching(/^ExpiredToken/) });
  await later.dispose();
});

describe('who may assume a role of his own account', () => {
  test('a principal that the trust policy names needs no policy of its own', async () => {
    const caller = await aws.createFunctionRole('NamedCaller', []);
    const roleArn = await createRole('TrustsRole', trusting({ AWS: caller.arn }));

    const answer = await assume(roleArn, caller.keys);

    expect(answer.Credentials?.AccessKeyId).toMatch(/^ASIA/);
  });

  test('a principal of a trusted account needs a policy of its own', async () => {
    const roleArn = await createRole('TrustsAccount', trusting(ACCOUNT));
    const without = await aws.createFunctionRole('WithoutGrant', []);
    const granted = await aws.createFunctionRole('WithGrant', mayAssume(roleArn));

    const refusal = assume(roleArn, without.keys);

    await expect(refusal).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(`is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`),
    });
    await expect(assume(roleArn, granted.keys)).resolves.toBeDefined();
  });

  test('a policy of its own does not help a principal that the role does not trust', async () => {
    const other = await aws.createFunctionRole('Other', []);
    const roleArn = await createRole('TrustsOther', trusting({ AWS: other.arn }));
    const caller = await aws.createFunctionRole('Untrusted', mayAssume('*'));

    await expect(assume(roleArn, caller.keys)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  test('an explicit deny of its own stops a principal that the role names', async () => {
    const caller = await aws.createFunctionRole('Denied', [{ Effect: 'Deny', Action: 'sts:*', Resource: '*' }]);
    const roleArn = await createRole('TrustsDenied', trusting({ AWS: caller.arn }));

    await expect(assume(roleArn, caller.keys)).rejects.toMatchObject({
      message: expect.stringContaining('explicit deny in an identity-based policy'),
    });
  });

  test('a condition on the external id holds', async () => {
    const roleArn = await createRole('External', trusting(ACCOUNT, { Condition: { StringEquals: { 'sts:ExternalId': 'right' } } }));

    await expect(assume(roleArn, undefined, { ExternalId: 'wrong' })).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(assume(roleArn)).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(assume(roleArn, undefined, { ExternalId: 'right' })).resolves.toBeDefined();
  });

  test('a role that does not exist is answered like one that does not trust', async () => {
    await expect(assume('arn:aws:iam::123456789012:role/nobody')).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

describe('how long a session lasts', () => {
  test('no longer than the role says', async () => {
    const roleArn = await createRole('Short', trusting(ACCOUNT));

    await expect(assume(roleArn, undefined, { DurationSeconds: 7200 })).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    });
  });

  test('an hour at most when a role assumes a role', async () => {
    const caller = await aws.createFunctionRole('Chained', []);
    const roleArn = await createRole('Long', { ...trusting({ AWS: caller.arn }), MaxSessionDuration: 43_200 });

    await expect(assume(roleArn, caller.keys, { DurationSeconds: 3601 })).rejects.toMatchObject({
      message: expect.stringContaining('1 hour session limit for roles assumed by role chaining'),
    });
    await expect(assume(roleArn, caller.keys, { DurationSeconds: 3600 })).resolves.toBeDefined();
  });

  test.each([[899], [43_201]])('not %i seconds', async (seconds) => {
    await expect(assume('arn:aws:iam::123456789012:role/any', undefined, { DurationSeconds: seconds })).rejects.toMatchObject({
      name: 'ValidationError',
    });
  });
});

test('a session policy takes away, and never adds', async () => {
  const secret = await aws.create('AWS::SecretsManager::Secret', 'Bounded', { SecretString: 'x' });
  const roleArn = await createRole('Reader', {
    ...trusting(ACCOUNT),
    Policies: [
      {
        PolicyName: 'read',
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], Resource: secret.ref },
          ],
        },
      },
    ],
  });
  const policy = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['secretsmanager:DescribeSecret', 'secretsmanager:PutSecretValue'], Resource: '*' }],
  };

  const principal = aws.iam.principalOf(keysOf(await assume(roleArn, undefined, { Policy: JSON.stringify(policy) })).accessKeyId);

  expect(() => aws.iam.authorize(principal, 'secretsmanager:DescribeSecret', secret.ref)).not.toThrow();
  expect(() => aws.iam.authorize(principal, 'secretsmanager:GetSecretValue', secret.ref)).toThrow('because no session policy allows');
  expect(() => aws.iam.authorize(principal, 'secretsmanager:PutSecretValue', secret.ref)).toThrow(
    'because no identity-based policy allows',
  );
});

test('a session policy that is none is refused', async () => {
  const roleArn = await createRole('Plain', trusting(ACCOUNT));

  await expect(assume(roleArn, undefined, { Policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}' })).rejects.toMatchObject({
    name: 'MalformedPolicyDocumentException',
  });
  await expect(assume(roleArn, undefined, { Policy: ' '.repeat(2049) })).rejects.toMatchObject({ name: 'ValidationError' });
});

test('what is not simulated is said', async () => {
  await expect(aws.sts().send(new GetFederationTokenCommand({ Name: 'name' }))).rejects.toMatchObject({ name: 'InvalidAction' });
});
