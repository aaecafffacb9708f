import { DescribeSecretCommand, GetSecretValueCommand, ListSecretsCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AwsFixture, startAwsFixture } from '../aws-fixture.ts';
import { generateSecretString } from './generate-secret.ts';

let aws: AwsFixture;

beforeAll(async () => {
  aws = await startAwsFixture();
});
afterAll(() => aws.dispose());

const TYPE = 'AWS::SecretsManager::Secret';

test('a generated secret is read by ARN, by name and by ARN without its last characters', async () => {
  const { ref } = await aws.create(TYPE, 'Generated', {
    Name: 'sallyport/master',
    GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
  });

  const values = await Promise.all(
    [ref, 'sallyport/master', ref.slice(0, -7)].map((SecretId) => aws.secrets().send(new GetSecretValueCommand({ SecretId }))),
  );

  expect(ref).toMatch(/^arn:aws:secretsmanager:us-east-1:123456789012:secret:sallyport\/master-[A-Za-z0-9]{6}$/);
  expect(values[0]).toMatchObject({ ARN: ref, Name: 'sallyport/master', VersionStages: ['AWSCURRENT'] });
  expect(values[0]?.SecretString).toMatch(/^[A-Za-z0-9]{64}$/);
  expect(new Set(values.map((value) => value.SecretString)).size).toBe(1);
});

test('a stored value becomes the current one and the old one the previous', async () => {
  const { ref: SecretId } = await aws.create(TYPE, 'Replaced', { SecretString: 'first' });

  const put = await aws.secrets().send(new PutSecretValueCommand({ SecretId, SecretString: 'second' }));

  const current = await aws.secrets().send(new GetSecretValueCommand({ SecretId }));
  const previous = await aws.secrets().send(new GetSecretValueCommand({ SecretId, VersionStage: 'AWSPREVIOUS' }));
  expect(current).toMatchObject({ SecretString: 'second', VersionId: put.VersionId });
  expect(previous.SecretString).toBe('first');
  const described = await aws.secrets().send(new DescribeSecretCommand({ SecretId }));
  expect(Object.values(described.VersionIdsToStages ?? {}).sort()).toEqual([['AWSCURRENT'], ['AWSPREVIOUS']]);
});

test('bytes come back as bytes', async () => {
  const { ref: SecretId } = await aws.create(TYPE, 'Binary', {});
  await aws.secrets().send(new PutSecretValueCommand({ SecretId, SecretBinary: Buffer.from([0, 255, 7]) }));

  const value = await aws.secrets().send(new GetSecretValueCommand({ SecretId }));

  expect([...(value.SecretBinary ?? [])]).toEqual([0, 255, 7]);
});

test('a secret without a value, and one that does not exist, are not found', async () => {
  const { ref: SecretId } = await aws.create(TYPE, 'Empty', {});

  await expect(aws.secrets().send(new GetSecretValueCommand({ SecretId }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await expect(aws.secrets().send(new GetSecretValueCommand({ SecretId: 'nothing' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

test('a role reads only the secret that its policy names', async () => {
  const mine = await aws.create(TYPE, 'Mine', { SecretString: 'x' });
  const theirs = await aws.create(TYPE, 'Theirs', { SecretString: 'y' });
  const { keys } = await aws.createFunctionRole('SecretReader', [
    { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: mine.ref },
  ]);

  const value = await aws.secrets(keys).send(new GetSecretValueCommand({ SecretId: mine.ref }));
  const refusal = aws.secrets(keys).send(new GetSecretValueCommand({ SecretId: theirs.ref }));

  expect(value.SecretString).toBe('x');
  await expect(refusal).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringMatching(/assumed-role\/.*\/function is not authorized to perform: secretsmanager:GetSecretValue on resource: /),
  });
  await expect(aws.secrets(keys).send(new PutSecretValueCommand({ SecretId: mine.ref, SecretString: 'z' }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
});

test('a secret under a customer managed key is read by who may use the key too, through Secrets Manager', async () => {
  const key = 'arn:aws:kms:us-east-1:123456789012:key/mine';
  const { ref: SecretId } = await aws.create(TYPE, 'Keyed', { SecretString: 'x', KmsKeyId: key });
  const read = { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'], Resource: SecretId };
  const use = (service: string, ...Action: string[]) => ({
    ...{ Effect: 'Allow', Action, Resource: key },
    Condition: { StringEquals: { 'kms:ViaService': `${service}.us-east-1.amazonaws.com` } },
  });
  const of = async (name: string, ...more: object[]) => aws.secrets((await aws.createFunctionRole(name, [read, ...more])).keys);
  const reader = await of('KeyReader', use('secretsmanager', 'kms:Decrypt'));
  const writer = await of('KeyWriter', use('secretsmanager', 'kms:Decrypt', 'kms:GenerateDataKey'));

  expect((await reader.send(new GetSecretValueCommand({ SecretId }))).SecretString).toBe('x');
  await writer.send(new PutSecretValueCommand({ SecretId, SecretString: 'y' }));

  const [without, elsewhere] = [await of('WithoutKey'), await of('KeyElsewhere', use('dynamodb', 'kms:Decrypt'))];
  const refusals = await Promise.allSettled([
    without.send(new GetSecretValueCommand({ SecretId })),
    elsewhere.send(new GetSecretValueCommand({ SecretId })),
    reader.send(new PutSecretValueCommand({ SecretId, SecretString: 'z' })),
  ]);
  const refused = (action: string) => ({
    status: 'rejected',
    reason: expect.objectContaining({
      name: 'AccessDeniedException',
      message: expect.stringContaining(`kms:${action} on resource: arn:aws:kms:us-east-1:123456789012:key/mine`),
    }),
  });
  expect(refusals).toEqual([refused('Decrypt'), refused('Decrypt'), refused('GenerateDataKey')]);
});

test('each call is metered', async () => {
  const { ref: SecretId } = await aws.create(TYPE, 'Metered', { SecretString: 'x' });
  aws.meter.reset();

  await aws.secrets().send(new GetSecretValueCommand({ SecretId }));

  expect(aws.meter.snapshot().lines).toEqual([{ unit: 'secrets-calls', labels: { action: 'GetSecretValue' }, amount: 1 }]);
});

test('what is not simulated is said', async () => {
  await expect(aws.secrets().send(new ListSecretsCommand({}))).rejects.toMatchObject({ name: 'UnknownOperationException' });
  await expect(aws.create(TYPE, 'Rotated', { RotationRules: {} })).rejects.toThrow('RotationRules is not simulated');
});

test('a generated string keeps to its settings', () => {
  const settings = { PasswordLength: 200, ExcludeCharacters: 'aeiou01', ExcludeUppercase: true, IncludeSpace: true };

  const text = generateSecretString(settings);

  expect(text).toMatch(/^[^A-Zaeiou01]{200}$/);
  expect(text).toMatch(/[bcdf]/);
  expect(text).toMatch(/[2-9]/);
  expect(text).toMatch(/ /);
});

test('a generated string takes its place in a template', () => {
  const text = generateSecretString({ SecretStringTemplate: '{"user":"admin"}', GenerateStringKey: 'password', PasswordLength: 20 });

  expect(JSON.parse(text)).toEqual({ user: 'admin', password: expect.stringMatching(/^.{20}$/) });
});

test('settings that nobody knows are refused', () => {
  expect(() => generateSecretString({ Length: 3 })).toThrow('GenerateSecretString.Length is not simulated');
  expect(() => generateSecretString({ PasswordLength: 3 })).toThrow('too short for each included type');
});
