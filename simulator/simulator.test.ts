import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createLog } from '../protocol/log.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';

// What a function of the assembly does: answers CloudFormation, and says on its log what it was told.
const HANDLER = `
export const handler = async (event) => {
  console.log(JSON.stringify({ told: event.ResourceProperties.greeting, secret: process.env.SECRET, endpoint: typeof process.env.AWS_ENDPOINT_URL }));
  await fetch(event.ResponseURL, {
    method: 'PUT',
    body: JSON.stringify({ Status: 'SUCCESS', PhysicalResourceId: 'greeting-1', Data: { Length: event.ResourceProperties.greeting.length } }),
  });
};
`;

const policy = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
const TEMPLATE = {
  Parameters: { Greeting: { Type: 'String' } },
  Resources: {
    Told: {
      Type: 'Custom::Greeting',
      Properties: { ServiceToken: { 'Fn::GetAtt': ['Function', 'Arn'] }, greeting: { Ref: 'Greeting' } },
      DependsOn: 'Policy',
    },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { S3Bucket: { 'Fn::Sub': 'assets' }, S3Key: 'abc.zip' },
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Environment: { Variables: { SECRET: { Ref: 'Secret' } } },
        LoggingConfig: { LogGroup: { Ref: 'Log' } },
      },
    },
    Log: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: 'greeting-log', RetentionInDays: 7 } },
    Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { GenerateSecretString: { PasswordLength: 40, ExcludePunctuation: true } } },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: policy({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }),
      },
    },
    Policy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'Log',
        PolicyDocument: policy({
          Effect: 'Allow',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          Resource: { 'Fn::GetAtt': ['Log', 'Arn'] },
        }),
        Roles: [{ Ref: 'Role' }],
      },
    },
  },
  Outputs: { SecretArn: { Value: { Ref: 'Secret' } }, Length: { Value: { 'Fn::GetAtt': ['Told', 'Length'] } } },
};

let assembly: string;
const started: Simulator[] = [];

beforeAll(() => {
  assembly = mkdtempSync(join(tmpdir(), 'sallyport-assembly-'));
  const write = (name: string, content: object) => writeFileSync(join(assembly, name), JSON.stringify(content));
  write('manifest.json', {
    artifacts: { Stack: { type: 'aws:cloudformation:stack', properties: { templateFile: 'Stack.template.json' } } },
  });
  write('Stack.template.json', TEMPLATE);
  write('Stack.assets.json', { files: { abc: { source: { path: 'asset.abc' }, destinations: { here: { objectKey: 'abc.zip' } } } } });
  mkdirSync(join(assembly, 'asset.abc'));
  writeFileSync(join(assembly, 'asset.abc', 'index.mjs'), HANDLER);
});
afterAll(() => rmSync(assembly, { recursive: true }));
afterEach(async () => {
  for (const simulator of started.splice(0)) await simulator.dispose();
});

const start = async (options: Partial<SimulatorOptions> = {}): Promise<Simulator> => {
  const log = createLog({ write: () => {} });
  const simulator = await startSimulator({ assembly, parameters: { Greeting: 'hello' }, lambda: 'quick', log, ...options });
  started.push(simulator);
  return simulator;
};

const read = async (url: string) => (await fetch(url)).json();

test('a stack is deployed, its functions run as their roles, and its outputs are told', async () => {
  const simulator = await start();
  const client = new SecretsManagerClient({
    region: 'us-east-1',
    endpoint: simulator.awsEndpointUrl,
    credentials: simulator.administrator,
  });

  const secret = await client.send(new GetSecretValueCommand({ SecretId: simulator.outputs.SecretArn }));

  client.destroy();
  expect(simulator.outputs.Length).toBe('5');
  expect(secret.SecretString).toMatch(/^[A-Za-z0-9]{40}$/);
  expect(await read(`${simulator.controlUrl}/outputs`)).toEqual(simulator.outputs);
  const lines = simulator.logs.lines('greeting-log').map(({ line }) => line);
  expect(lines).toContainEqual(expect.stringContaining(`{"told":"hello","secret":"${simulator.outputs.SecretArn}","endpoint":"string"}`));
  expect(simulator.iam.denials()).toEqual([]);
  expect(simulator.meter.snapshot().totals).toMatchObject({ invocations: 1, 'secrets-calls': 1 });
});

test('without one of its statements the function’s log stays empty, and the denial is told', async () => {
  const simulator = await start({ withoutStatement: 'Policy[0]' });

  expect(simulator.logs.lines('greeting-log')).toEqual([]);
  expect(await read(`${simulator.controlUrl}/iam/denials`)).toContainEqual(expect.objectContaining({ action: 'logs:CreateLogStream' }));
});

test('two simulators run side by side', async () => {
  const [one, other] = await Promise.all([start(), start({ parameters: { Greeting: 'good evening' } })]);

  expect([one.outputs.Length, other.outputs.Length]).toEqual(['5', '12']);
  expect(one.controlUrl).not.toBe(other.controlUrl);
});

test('after its end nothing listens any more, and ending it again does nothing', async () => {
  const simulator = await start();

  await simulator.dispose();
  await simulator.dispose();

  await expect(fetch(simulator.controlUrl)).rejects.toThrow('fetch failed');
  await expect(fetch(simulator.awsEndpointUrl)).rejects.toThrow('fetch failed');
});

describe('what cannot be started says so, and leaves nothing behind', () => {
  /** A port that is free now: it must be free again afterwards. */
  const freePort = async (): Promise<number> => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    return typeof address === 'object' && address ? address.port : 0;
  };
  const canListen = async (port: number): Promise<boolean> => {
    const server = createServer();
    const outcome = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    return outcome;
  };

  test.each<[string, Partial<SimulatorOptions>, string]>([
    ['a missing parameter', { parameters: {} }, 'Greeting has no default and no value was given'],
    ['a statement that is not there', { withoutStatement: 'Policy[9]' }, 'no Allow statement Policy[9]'],
    ['a fault that is none', { faults: { rain: 1 } }, 'rain is not a fault'],
    ['a folder that is no assembly', { assembly: tmpdir() }, 'is not an assembly'],
  ])('%s', async (_, options, message) => {
    const port = await freePort();

    await expect(start({ port, ...options })).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION_INVALID',
      message: expect.stringContaining(message),
    });
    expect(await canListen(port)).toBe(true);
  });

  test('a port in use', async () => {
    const simulator = await start();

    await expect(start({ port: simulator.publicServer.port })).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION_INVALID',
      message: expect.stringContaining('another program uses it'),
    });
  });
});
