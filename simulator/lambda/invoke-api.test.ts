import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { REGION } from '../account.ts';
import { type AwsEndpoint, startAwsEndpoint } from '../aws-endpoint.ts';
import { systemClock } from '../clock.ts';
import { createIam } from '../iam/iam.ts';
import { type AccessKeys, AwsError, type InvokeResult } from '../services.ts';
import { createInvokeApi } from './invoke-api.ts';

const PORTAL = 'arn:aws:lambda:us-east-1:123456789012:function:portal';

const iam = createIam({ clock: systemClock });
const invoked: Array<[arn: string, event: unknown]> = [];
let answers: InvokeResult;
let endpoint: AwsEndpoint;
let router: AccessKeys;

beforeAll(async () => {
  const lambda = {
    arnOf: (name: string) => {
      if (name === 'portal' || name === PORTAL) return PORTAL;
      if (name === 'other') return PORTAL.replace('portal', 'other');
      throw new AwsError(404, 'ResourceNotFoundException', `Function not found: ${name}`);
    },
    invoke: async (arn: string, event: unknown) => {
      invoked.push([arn, event]);
      return answers;
    },
    invokeAsync: (arn: string, event: unknown) => void invoked.push([arn, event]),
  };
  const services = [createInvokeApi({ iam, lambda: () => lambda })];
  endpoint = await startAwsEndpoint({ services, iam, clock: systemClock, log: { error: () => undefined } as never });
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const may = { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: PORTAL };
  const role = await iam.resources['AWS::IAM::Role']!({
    logicalId: 'Router',
    type: 'AWS::IAM::Role',
    stackName: 'Test',
    properties: {
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [trust] },
      Policies: [{ PolicyName: 'inline', PolicyDocument: { Version: '2012-10-17', Statement: [may] } }],
    },
  });
  router = iam.sessionForService(role.attributes!.Arn!, 'lambda.amazonaws.com', 'router');
});
afterAll(() => endpoint.dispose());
beforeEach(() => {
  invoked.length = 0;
});

const invoke = async (FunctionName: string, InvocationType: 'Event' | 'RequestResponse' | 'DryRun' = 'Event') => {
  const client = new LambdaClient({ region: REGION, endpoint: endpoint.url, credentials: router, maxAttempts: 1 });
  try {
    return await client.send(new InvokeCommand({ FunctionName, InvocationType, Payload: JSON.stringify({ refresh: 'x' }) }));
  } finally {
    client.destroy();
  }
};

test.each(['portal', PORTAL])('an event is taken for %s, and nobody waits for what becomes of it', async (name) => {
  expect(await invoke(name)).toMatchObject({ StatusCode: 202 });
  expect(invoked).toEqual([[PORTAL, { refresh: 'x' }]]);
});

test('a caller that waits gets what the function answers', async () => {
  answers = { payload: '{"given":"Zoë"}' };

  const { StatusCode, Payload, FunctionError } = await invoke('portal', 'RequestResponse');

  expect([StatusCode, Payload?.transformToString(), FunctionError]).toEqual([200, '{"given":"Zoë"}', undefined]);
  expect(invoked).toEqual([[PORTAL, { refresh: 'x' }]]);
});

test('a caller that waits is told of a function that failed', async () => {
  answers = { payload: '{"errorType":"Error"}', functionError: 'Unhandled' };

  expect(await invoke('portal', 'RequestResponse')).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
});

test('a function that the caller may not invoke is not', async () => {
  await expect(invoke('other')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await expect(invoke('other', 'RequestResponse')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  expect(invoked).toEqual([]);
});

test('what AWS has and this does not is refused by name', async () => {
  await expect(invoke('portal', 'DryRun')).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  await expect(invoke('nobody')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});
