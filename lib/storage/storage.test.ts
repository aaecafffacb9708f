import { expect, test } from '@jest/globals';
import { BY_PARENT as STORED } from '../../lambdas/stores/sessions.ts';
import { exampleTemplate, resource, resourcesOf } from '../testing/synthesise.ts';
import { BY_PARENT } from './tables.ts';

const template = exampleTemplate();

test('every table is kept, protected, restorable, and forgets what has expired', () => {
  const tables = Object.values(resourcesOf(template, 'AWS::DynamoDB::Table'));

  expect(tables).toHaveLength(3);
  for (const table of tables) {
    expect(table).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
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
