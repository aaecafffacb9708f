// For tests: properties of tables as the product's are.

export const KEYS = {
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
  BillingMode: 'PAY_PER_REQUEST',
};
export const WITH_INDEX = {
  ...KEYS,
  AttributeDefinitions: [...KEYS.AttributeDefinitions, { AttributeName: 'parent', AttributeType: 'S' }],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'by-parent',
      KeySchema: [
        { AttributeName: 'parent', KeyType: 'HASH' },
        { AttributeName: 'pk', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
  TimeToLiveSpecification: { AttributeName: 'expiresAtSeconds', Enabled: true },
  PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  DeletionProtectionEnabled: true,
};
