import { DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { expect, test } from '@jest/globals';
import { startAwsFixture } from '../aws-fixture.ts';
import { createManualClock } from '../clock.ts';
import { WITH_INDEX } from './fixture.ts';

test('an expired item is still answered for two days, and then deleted', async () => {
  const clock = createManualClock(Date.now());
  const later = await startAwsFixture({ clock });
  const { ref: TableName } = await later.create('AWS::DynamoDB::Table', 'Expiring', WITH_INDEX);
  const client = DynamoDBDocumentClient.from(later.tables());
  const Key = { pk: 'expiring', sk: '-' };
  const inSeconds = (seconds: number) => Math.floor(clock.now() / 1000) + seconds;
  await client.send(new PutCommand({ TableName, Item: { ...Key, expiresAtSeconds: inSeconds(60) } }));
  await client.send(new PutCommand({ TableName, Item: { pk: 'kept', sk: '-', expiresAtSeconds: 'soon' } }));
  const found = async () => {
    // The SDK follows the clock of the answers, one answer behind.
    await client.send(new ScanCommand({ TableName })).catch(() => {});
    const { Items = [] } = await client.send(new ScanCommand({ TableName }));
    return Items.map(({ pk }) => pk).sort();
  };

  await clock.advance(2 * 3_600_000);
  const afterTwoHours = await found();
  await clock.advance(48 * 3_600_000);
  let afterTwoDays = await found();
  for (let tries = 0; afterTwoDays.length > 1 && tries < 50; tries += 1) afterTwoDays = await found();

  expect(afterTwoHours).toEqual(['expiring', 'kept']);
  expect(afterTwoDays).toEqual(['kept']);
  await later.dispose();
});
