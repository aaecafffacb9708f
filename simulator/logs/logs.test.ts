import { expect, test } from '@jest/globals';
import { createManualClock } from '../clock.ts';
import { createIam } from '../iam/iam.ts';
import { createMeter } from '../meter.ts';
import { createLogs, type LogLine } from './logs.ts';

const prepare = async (resource: string) => {
  const iam = createIam({ clock: createManualClock() });
  const sunk: LogLine[] = [];
  const logs = createLogs({ iam, meter: createMeter(), clock: createManualClock(), sink: (line) => sunk.push(line), keep: 3 });
  const request = (logicalId: string, properties: Record<string, unknown>) => ({ logicalId, type: '', properties, stackName: 'Test' });
  const group = await logs.resources['AWS::Logs::LogGroup']?.(request('Log', { LogGroupName: 'router-log', RetentionInDays: 90 }));
  const role = await iam.resources['AWS::IAM::Role']?.(
    request('Role', {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      },
      Policies: [
        {
          PolicyName: 'log',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: resource },
          },
        },
      ],
    }),
  );
  const keys = iam.sessionForService(role?.ref ?? '', 'lambda.amazonaws.com', 'router');
  return { iam, logs, sunk, keys, group };
};

const GROUP_ARN = 'arn:aws:logs:us-east-1:123456789012:log-group:router-log:*';

test('what the group’s own ARN allows is written, and the last lines are kept', async () => {
  const { logs, sunk, keys, group } = await prepare(GROUP_ARN);

  logs.putLogEvents(keys, 'router-log', '2026/stream', ['1', '2', '3']);
  logs.putLogEvents(keys, 'router-log', '2026/stream', ['4']);

  expect(group?.attributes?.Arn).toBe(GROUP_ARN);
  expect(logs.lines('router').map(({ line }) => line)).toEqual(['2', '3', '4']);
  expect(sunk).toHaveLength(4);
});

test('both actions are asked for, the stream’s creation once', async () => {
  const { iam, logs, keys } = await prepare(GROUP_ARN);

  logs.putLogEvents(keys, 'router-log', '2026/stream', ['1']);
  logs.putLogEvents(keys, 'router-log', '2026/stream', ['2']);

  expect(iam.statements().at(-1)?.used).toEqual({ 'logs:CreateLogStream': 1, 'logs:PutLogEvents': 2 });
});

test('lines that the role may not write are lost, and the denial is recorded', async () => {
  const { iam, logs, keys } = await prepare('arn:aws:logs:us-east-1:123456789012:log-group:other:*');

  logs.putLogEvents(keys, 'router-log', '2026/stream', ['lost']);

  expect(logs.lines('router-log')).toEqual([]);
  expect(iam.denials()).toMatchObject([
    { action: 'logs:CreateLogStream', resource: 'arn:aws:logs:us-east-1:123456789012:log-group:router-log:log-stream:2026/stream' },
  ]);
});

test('a group that nobody knows is told', async () => {
  const { logs } = await prepare(GROUP_ARN);

  expect(() => logs.lines('portal')).toThrow('No log group fits portal; there are router-log.');
});

test('a retention that CloudWatch does not offer is refused', async () => {
  const logs = createLogs({ iam: createIam({ clock: createManualClock() }), meter: createMeter(), clock: createManualClock() });

  const refusal = logs.resources['AWS::Logs::LogGroup']?.({
    logicalId: 'Log',
    type: '',
    stackName: 'Test',
    properties: { RetentionInDays: 8 },
  });

  await expect(refusal).rejects.toThrow('RetentionInDays 8 is none of 1, 3, 5');
});
