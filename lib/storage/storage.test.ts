import { describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { BY_PARENT as STORED } from '../../lambdas/stores/sessions.ts';
import { exampleTemplate, exampleTenant, grants, resource, resourcesOf } from '../testing/synthesise.ts';
import { ADOPTED, VARIANTS } from '../testing/variants.ts';
import { BY_PARENT } from './tables.ts';

const template = exampleTemplate();

test('every table is kept once the first deployment stands, restorable, and forgets what has expired', () => {
  const tables = Object.values(resourcesOf(template, 'AWS::DynamoDB::Table'));

  expect(tables).toHaveLength(3);
  for (const table of tables) {
    expect(table).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: false,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expiresAtSeconds', Enabled: true },
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      },
    });
    expect(table.Properties.TableName).toBeUndefined();
  }
});

test('the index of sessions is the one that the store asks', () => {
  expect(BY_PARENT).toBe(STORED);
  expect(resource(template, 'AWS::DynamoDB::Table', 'TablesSessions').Properties.GlobalSecondaryIndexes).toEqual([
    {
      IndexName: STORED,
      KeySchema: [
        { AttributeName: 'parent', KeyType: 'HASH' },
        { AttributeName: 'pk', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ]);
});

test('secrets are made by AWS: no template and no file has their value', () => {
  for (const { Properties } of Object.values(resourcesOf(template, 'AWS::SecretsManager::Secret'))) {
    expect(Properties.GenerateSecretString).toEqual({ PasswordLength: 64, ExcludePunctuation: true });
    expect(Properties.SecretString).toBeUndefined();
  }
});

/** Of everything that a stack makes: what stays when it goes. */
const keptBy = (template: Template): string[] =>
  Object.entries(template.toJSON().Resources as Record<string, { DeletionPolicy?: string; UpdateReplacePolicy?: string }>)
    .filter(([, { DeletionPolicy }]) => DeletionPolicy?.startsWith('Retain'))
    .map(([id, { DeletionPolicy, UpdateReplacePolicy }]) => `${id.replace(/[0-9A-F]{8}$/, '')} ${DeletionPolicy} ${UpdateReplacePolicy}`);

test('the keys outlive the stack with the tables that are of no use without them; nothing outlives a first deployment that fails', () => {
  const kept = keptBy(template).filter((line) => !line.includes('Log '));

  expect(kept).toEqual(
    ['TablesRegistry', 'TablesDirectory', 'TablesSessions', 'SecretsMasterKey', 'SecretsAssertion', 'SecretsSaml'].map(
      (id) => `${id} RetainExceptOnCreate Retain`,
    ),
  );
  for (const variant of Object.values(VARIANTS))
    expect(keptBy(exampleTemplate(variant)).filter((line) => !line.endsWith(' RetainExceptOnCreate Retain'))).toEqual([]);
});

test('tables and pool refuse to be deleted where the tenant file says so', () => {
  const isProtected = exampleTemplate({ aws: { ...exampleTenant().aws, deletionProtection: true }, identityProviders: [] });

  for (const { Properties } of Object.values(resourcesOf(isProtected, 'AWS::DynamoDB::Table')))
    expect(Properties.DeletionProtectionEnabled).toBe(true);
  expect(resource(isProtected, 'AWS::Cognito::UserPool', 'Users').Properties.DeletionProtection).toBe('ACTIVE');
});

test('what an earlier deployment left is used as it is: nothing of it is made, and nobody is granted anything else', () => {
  const adopting = exampleTemplate(VARIANTS['what an earlier deployment left']);
  const text = JSON.stringify(adopting.toJSON());

  expect(Object.keys(resourcesOf(adopting, 'AWS::DynamoDB::Table'))).toEqual([]);
  expect(Object.keys(resourcesOf(adopting, 'AWS::SecretsManager::Secret')).map((id) => id.slice(0, 23))).toEqual([
    'SecretsClientSecretmain',
  ]);
  expect(text.match(/"Ref":"(Tables|SecretsMaster|SecretsAssertion|SecretsSaml)/)).toBeNull();
  expect(grants(adopting, 'DirectoryWriterRole')).toContain(`Allow secretsmanager:PutSecretValue on ${ADOPTED.samlSecretArn}`);
  expect(grants(adopting, 'TunnelApiAuthorizerRole')).toContainEqual(
    expect.stringMatching(/^Allow dynamodb:GetItem on arn:.*:table\/left-registry with connector$/),
  );
  for (const name of Object.values(ADOPTED)) if (name !== null) expect(text).toContain(name);
});

test('the output Kept is what aws.adopt takes', () => {
  const { Value } = template.findOutputs('Kept').Kept as { Value: { 'Fn::Join': [string, Array<string | object>] } };
  const joined = Value['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'x')).join('');

  expect(Object.keys(JSON.parse(joined)).sort()).toEqual(
    Object.keys(ADOPTED)
      .filter((name) => name !== 'userPoolId')
      .sort(),
  );
});

describe('under a key of the tenant’s', () => {
  const { aws, ...rest } = VARIANTS['a key, a firewall and logs of the account']!;
  const keyed = exampleTemplate({ aws, ...rest });
  const key = aws!.kmsKeyArn;

  test('are tables, secrets and logs', () => {
    for (const { Properties } of Object.values(resourcesOf(keyed, 'AWS::DynamoDB::Table')))
      expect(Properties.SSESpecification).toEqual({ KMSMasterKeyId: key, SSEEnabled: true, SSEType: 'KMS' });
    const encrypted = ['AWS::SecretsManager::Secret', 'AWS::Logs::LogGroup'].flatMap((type) => Object.values(resourcesOf(keyed, type)));
    expect(encrypted.length).toBeGreaterThan(12);
    for (const { Properties } of encrypted) expect(Properties.KmsKeyId).toBe(key);
  });

  test('a function may use it through the services whose items it may read or write, and no other way', () => {
    const statements = (prefix: string) =>
      (
        resource(keyed, 'AWS::IAM::Policy', prefix).Properties.PolicyDocument as {
          Statement: Array<{ Action: string | string[]; Resource: unknown; Condition?: object }>;
        }
      ).Statement.filter(({ Action }) => [Action].flat().some((action) => action.startsWith('kms:')));

    expect(statements('TunnelApiAuthorizerRole')).toEqual([
      {
        Action: ['kms:Decrypt', 'kms:DescribeKey'],
        Condition: { StringEquals: { 'kms:ViaService': expect.objectContaining({}) } },
        Effect: 'Allow',
        Resource: key,
      },
    ]);
    expect(statements('ReplyApiReplyRole')).toEqual([]);
    expect(statements('DirectoryWriterRole').map(({ Condition }) => JSON.stringify(Condition))).toEqual([
      expect.stringContaining('"dynamodb.eu-central-1.'),
      expect.stringContaining('"secretsmanager.eu-central-1.'),
    ]);
  });
});
