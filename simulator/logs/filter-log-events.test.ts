import { FilterLogEventsCommand, GetLogEventsCommand, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type AwsFixture, startAwsFixture } from '../aws-fixture.ts';
import { createManualClock } from '../clock.ts';
import type { AccessKeys } from '../services.ts';

const GROUP = 'router-log';
const ARN = `arn:aws:logs:us-east-1:123456789012:log-group:${GROUP}:*`;

let aws: AwsFixture;
let clock: ReturnType<typeof createManualClock>;
let writer: AccessKeys;

beforeEach(async () => {
  clock = createManualClock(Date.now());
  aws = await startAwsFixture({ clock });
  await aws.create('AWS::Logs::LogGroup', 'Log', { LogGroupName: GROUP });
  writer = (
    await aws.createFunctionRole('Writer', [{ Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: ARN }])
  ).keys;
});
afterEach(() => aws.dispose());

const write = (...lines: string[]) => aws.logs.putLogEvents(writer, GROUP, 'stream', lines);
const reader = async (resource = ARN) =>
  aws.logReader((await aws.createFunctionRole('Reader', [{ Effect: 'Allow', Action: 'logs:FilterLogEvents', Resource: resource }])).keys);

test('the SDK’s client finds lines by a field, with the time at which they were written', async () => {
  const client = await reader();
  write('{"exchange":"a"}', 'START', '{"exchange":"b","n":1}');
  const writtenAt = clock.now();

  const { events } = await client.send(new FilterLogEventsCommand({ logGroupName: GROUP, filterPattern: '{ $.exchange = "b" }' }));

  expect(events).toMatchObject([{ message: '{"exchange":"b","n":1}', timestamp: writtenAt, logStreamName: 'stream' }]);
});

test('only what was written within the time asked for is looked at, both ends included', async () => {
  const client = await reader();
  const start = clock.now();
  for (const n of [0, 1, 2, 3]) {
    write(`{"n":${n}}`);
    await clock.advance(1000);
  }

  const { events } = await client.send(new FilterLogEventsCommand({ logGroupName: GROUP, startTime: start + 1000, endTime: start + 2000 }));

  expect(events?.map(({ message }) => message)).toEqual(['{"n":1}', '{"n":2}']);
});

test('a page may be empty though more follow: only the last has no token', async () => {
  const client = await reader();
  for (let n = 0; n < 1200; n += 1) write(`{"n":${n}}`);

  const pages = [];
  for await (const page of paginateFilterLogEvents({ client }, { logGroupName: GROUP, filterPattern: '{ $.n = 1100 }' })) pages.push(page);

  expect(pages.map(({ events }) => events?.length)).toEqual([0, 0, 1]);
  expect(pages.at(-1)?.nextToken).toBeUndefined();
});

test('a limit cuts pages short and loses nothing', async () => {
  const client = await reader();
  for (let n = 0; n < 5; n += 1) write(`{"n":${n}}`);

  const found: unknown[] = [];
  for await (const { events } of paginateFilterLogEvents({ client }, { logGroupName: GROUP, limit: 2 })) found.push(events?.length);

  expect(found).toEqual([2, 2, 1]);
});

test('a role without the right, or with the right to another group, is denied', async () => {
  const client = await reader(ARN.replace(GROUP, 'other-log'));

  const asked = client.send(new FilterLogEventsCommand({ logGroupName: GROUP }));

  await expect(asked).rejects.toMatchObject({ name: 'AccessDeniedException' });
  expect(aws.iam.denials()).toMatchObject([{ action: 'logs:FilterLogEvents', resource: ARN.replace('*', 'log-stream:') }]);
});

test('an altered signature is refused', async () => {
  const client = aws.logReader({ ...aws.iam.administrator, secretAccessKey: 'another' });

  await expect(client.send(new FilterLogEventsCommand({ logGroupName: GROUP }))).rejects.toMatchObject({
    name: 'InvalidSignatureException',
  });
});

test('an unknown group, a pattern that cannot be read, a made-up token and any other action are refused', async () => {
  const client = aws.logReader();
  const filter = (input: object) => client.send(new FilterLogEventsCommand({ logGroupName: GROUP, ...input }));

  await expect(filter({ logGroupName: 'nothing' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await expect(filter({ filterPattern: '{ $.a }' })).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(filter({ nextToken: 'x' })).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(filter({ limit: 10_001 })).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(client.send(new GetLogEventsCommand({ logGroupName: GROUP, logStreamName: 'stream' }))).rejects.toMatchObject({
    name: 'UnknownOperationException',
  });
});
