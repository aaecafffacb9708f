import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createManualClock, systemClock } from '../clock.ts';
import { createEndpoints } from '../endpoints.ts';
import type { Clock, InvokeResult, ResourceRequest } from '../services.ts';
import { readAssembly } from './assembly.ts';
import { type Deployment, deploy } from './deploy.ts';

const folders: string[] = [];
const deployments: Deployment[] = [];
afterEach(async () => {
  for (const deployment of deployments.splice(0)) await deployment.dispose();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** An assembly as `cdk synth` writes it, with one asset. */
const writeAssembly = (template: object): string => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-assembly-'));
  folders.push(folder);
  const write = (name: string, content: object) => writeFileSync(join(folder, name), JSON.stringify(content));
  write('manifest.json', {
    version: '55.0.0',
    artifacts: {
      'Stack.assets': { type: 'cdk:asset-manifest', properties: { file: 'Stack.assets.json' } },
      Stack: { type: 'aws:cloudformation:stack', properties: { templateFile: 'Stack.template.json', stackName: 'sallyport-test' } },
    },
  });
  write('Stack.template.json', template);
  write('Stack.assets.json', {
    files: { abc: { source: { path: 'asset.abc', packaging: 'zip' }, destinations: { here: { bucketName: 'b', objectKey: 'abc.zip' } } } },
  });
  mkdirSync(join(folder, 'asset.abc'));
  return folder;
};

interface Given {
  readonly template: object;
  readonly parameters?: Record<string, string>;
  readonly invoke?: (functionArn: string, event: Event) => Promise<InvokeResult>;
  readonly clock?: Clock;
}

interface Event {
  readonly ResponseURL: string;
  readonly [name: string]: unknown;
}

const run = async ({ template, parameters = {}, invoke, clock = systemClock }: Given) => {
  const created: ResourceRequest[] = [];
  const endpoints = createEndpoints();
  const deployment = await deploy({
    assembly: readAssembly(writeAssembly(template)),
    parameters,
    types: [
      {
        'Test::Thing': async (request) => {
          created.push(request);
          endpoints.register('https://thing.amazonaws.com', 'http://127.0.0.1:4000');
          return { ref: `${request.logicalId}-1`, attributes: { Url: 'https://thing.amazonaws.com' } };
        },
        'AWS::ApiGatewayV2::Api': async () => ({ ref: 'api' }),
        'AWS::ApiGatewayV2::Stage': async () => ({ ref: 'live' }),
        'Test::Broken': async () => {
          throw new Error('it is broken');
        },
      },
    ],
    lambda: { invoke: (arn, event) => invoke?.(arn, event as Event) ?? Promise.reject(new Error('nothing to invoke')) },
    endpoints,
    clock,
  });
  deployments.push(deployment);
  return { deployment, created };
};

const thing = (Properties: object = {}, more: object = {}) => ({ Type: 'Test::Thing', Properties, ...more });
const answer = async (event: Event, body: object): Promise<InvokeResult> => {
  await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify(body) });
  return { payload: 'null' };
};

describe('a stack', () => {
  test('is created in order, with its properties resolved and its outputs localised', async () => {
    const { deployment, created } = await run({
      template: {
        Parameters: { Name: { Type: 'String' } },
        Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
        Resources: {
          Second: thing({ first: { Ref: 'First' }, name: { Ref: 'Name' } }),
          First: thing(),
          Left: thing({}, { Condition: 'Never' }),
          Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmName: { Ref: 'Name' } } },
        },
        Outputs: {
          Address: { Value: { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['First', 'Url'] }, '/live']] } },
          Never: { Value: { Ref: 'Left' }, Condition: 'Never' },
        },
      },
      parameters: { Name: 'name' },
    });

    expect(created).toEqual([
      { logicalId: 'First', type: 'Test::Thing', properties: {}, stackName: 'sallyport-test' },
      { logicalId: 'Second', type: 'Test::Thing', properties: { first: 'First-1', name: 'name' }, stackName: 'sallyport-test' },
    ]);
    expect(deployment.outputs).toEqual({ Address: 'http://127.0.0.1:4000/live' });
    expect([...deployment.resources.keys()]).toEqual(['First', 'Second', 'Alarm']);
  });

  test.each([
    ['a type that nobody knows', { Q: { Type: 'AWS::SQS::Queue' } }, 'Q: no service here knows AWS::SQS::Queue'],
    ['a resource that a service refuses', { B: { Type: 'Test::Broken' } }, 'B (Test::Broken): it is broken.'],
    [
      'a template that AWS refuses although each resource is right',
      {
        Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'WEBSOCKET' } },
        Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: { Ref: 'Api' }, AutoDeploy: true } },
      },
      'Stage: At least one route is required before deploying the Api',
    ],
    ['a reference that leads nowhere', { A: thing({ x: { Ref: 'Gone' } }) }, 'A (Test::Thing): Ref Gone leads nowhere.'],
  ])('stops at %s', async (_, Resources, message) => {
    await expect(run({ template: { Resources } })).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION_INVALID',
      message: expect.stringContaining(message),
    });
  });

  test('creates nothing when a type is unknown', async () => {
    let touched = false;
    const assembly = readAssembly(writeAssembly({ Resources: { A: thing(), Q: { Type: 'AWS::SQS::Queue' } } }));
    const create = async () => {
      touched = true;
      return { ref: 'a' };
    };

    const refusal = deploy({
      assembly,
      parameters: {},
      types: [{ 'Test::Thing': create }],
      lambda: { invoke: () => Promise.reject(new Error('nothing to invoke')) },
      endpoints: createEndpoints(),
      clock: systemClock,
    });

    await expect(refusal).rejects.toThrow('AWS::SQS::Queue');
    expect(touched).toBe(false);
  });
});

describe('a custom resource', () => {
  const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:directory';
  const CREATED = { Status: 'SUCCESS', PhysicalResourceId: 'directory-1', Data: { Written: 2 } };
  const template = {
    Resources: {
      Directory: {
        Type: 'Custom::Directory',
        Properties: { ServiceToken: FUNCTION, count: 3, strict: true, applications: [{ url: 'https://intranet.example/wiki/', port: 1 }] },
      },
      After: thing({ of: { Ref: 'Directory' }, written: { 'Fn::GetAtt': ['Directory', 'Written'] } }),
    },
  };

  test('gets the event that CloudFormation sends, and its answer is what others refer to', async () => {
    const events: Event[] = [];
    const { created } = await run({
      template,
      invoke: (functionArn, event) => {
        expect(functionArn).toBe(FUNCTION);
        events.push(event);
        return answer(event, CREATED);
      },
    });

    expect(events).toEqual([
      {
        RequestType: 'Create',
        ServiceToken: FUNCTION,
        ResponseURL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}$/),
        StackId: 'arn:aws:cloudformation:us-east-1:123456789012:stack/sallyport-test/00000000-0000-4000-8000-000000000000',
        RequestId: expect.stringMatching(/^[\da-f-]{36}$/),
        LogicalResourceId: 'Directory',
        ResourceType: 'Custom::Directory',
        ResourceProperties: {
          ServiceToken: FUNCTION,
          count: '3',
          strict: 'true',
          applications: [{ url: 'https://intranet.example/wiki/', port: '1' }],
        },
      },
    ]);
    expect(created[0]?.properties).toEqual({ of: 'directory-1', written: '2' });
  });

  test('is told of properties that change, with those before, and of later changes too', async () => {
    const events: Event[] = [];
    const invoke = (_arn: string, event: Event) => {
      events.push(event);
      return answer(event, CREATED);
    };
    const { deployment } = await run({ template, invoke });

    await deployment.update('Directory', { count: 4 });
    await deployment.update('Directory', { applications: [{ url: 'https://intranet.example/' }] });

    const [, first, second] = events;
    expect(first).toMatchObject({
      RequestType: 'Update',
      LogicalResourceId: 'Directory',
      PhysicalResourceId: 'directory-1',
      ResourceProperties: { ServiceToken: FUNCTION, count: '4', strict: 'true' },
      OldResourceProperties: { ServiceToken: FUNCTION, count: '3', strict: 'true' },
    });
    expect(second).toMatchObject({
      ResourceProperties: { count: '4', applications: [{ url: 'https://intranet.example/' }] },
      OldResourceProperties: { count: '4', applications: [{ url: 'https://intranet.example/wiki/' }] },
    });
  });

  test('that cannot be changed says why, and is as it was', async () => {
    const answers = [
      { Status: 'FAILED', Reason: 'too many' },
      { Status: 'SUCCESS', PhysicalResourceId: 'directory-2' },
    ];
    const old: unknown[] = [];
    const invoke = (_arn: string, event: Event) => {
      if (event.RequestType === 'Create') return answer(event, CREATED);
      old.push(event.OldResourceProperties);
      return answer(event, answers.shift()!);
    };
    const { deployment } = await run({ template, invoke });

    await expect(deployment.update('Directory', { count: 4 })).rejects.toThrow('Directory: the custom resource failed: too many');
    await expect(deployment.update('Directory', { count: 5 })).rejects.toThrow('directory-2: replacement is not simulated');
    await expect(deployment.update('After', {})).rejects.toThrow('no custom resource After; there are Directory');
    expect(old).toMatchObject([{ count: '3' }, { count: '3' }]);
  });

  test('stops the deployment with the reason that it gives', async () => {
    const invoke = (_arn: string, event: Event) => answer(event, { Status: 'FAILED', Reason: 'two applications on one URL' });

    await expect(run({ template, invoke })).rejects.toThrow(
      'Directory (Custom::Directory): the custom resource failed: two applications on one URL.',
    );
  });

  test('stops the deployment when its function fails', async () => {
    const invoke = async () => ({ payload: '{"errorMessage":"boom"}', functionError: 'Unhandled' as const });

    await expect(run({ template, invoke })).rejects.toThrow('the function failed: {"errorMessage":"boom"}');
  });

  test('stops the deployment when no answer comes in time', async () => {
    const clock = createManualClock();
    const invoke = async () => {
      setImmediate(() => clock.advance(61_000));
      return { payload: 'null' };
    };

    await expect(run({ template, invoke, clock })).rejects.toThrow('no answer within 60 s');
  });

  test('stops the deployment when its answer cannot be read or is too large', async () => {
    const without = (_arn: string, event: Event) => answer(event, { Status: 'DONE' });
    const large = (_arn: string, event: Event) =>
      answer(event, { Status: 'SUCCESS', PhysicalResourceId: 'x', Data: { a: 'x'.repeat(4096) } });
    const nameless = (_arn: string, event: Event) => answer(event, { Status: 'SUCCESS' });

    await expect(run({ template, invoke: without })).rejects.toThrow('needs a Status of SUCCESS or FAILED');
    await expect(run({ template, invoke: large })).rejects.toThrow('larger than 4096 bytes');
    await expect(run({ template, invoke: nameless })).rejects.toThrow('without a PhysicalResourceId');
  });
});

describe('an assembly', () => {
  test('knows where its assets lie', () => {
    const folder = writeAssembly({ Resources: {} });

    const { assets, stackName } = readAssembly(folder);

    expect(stackName).toBe('sallyport-test');
    expect(assets.path('abc.zip')).toBe(join(folder, 'asset.abc'));
    expect(() => assets.path('other.zip')).toThrow('The assembly has no asset other.zip');
  });

  test('is told from a folder that is none', () => {
    expect(() => readAssembly(tmpdir())).toThrow('is not an assembly: run `npx cdk synth` first.');
  });

  test('must have the stack that is asked for', () => {
    expect(() => readAssembly(writeAssembly({}), 'other')).toThrow('has no stack other (it has sallyport-test)');
  });
});
