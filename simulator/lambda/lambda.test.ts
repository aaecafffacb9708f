import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createWorld, type LambdaWorld } from './fixture/world.ts';
import type { LambdaDependencies } from './lambda.ts';
import type { Mode } from './sandbox.ts';

const MODES: readonly Mode[] = ['faithful', 'quick'];
const worlds: LambdaWorld[] = [];

const open = (mode: Mode, options?: Partial<LambdaDependencies>): LambdaWorld => {
  const world = createWorld(mode, options);
  worlds.push(world);
  return world;
};

const invoke = async ({ lambda }: LambdaWorld, arn: string, event: unknown = {}) => JSON.parse((await lambda.invoke(arn, event)).payload);

const failure = async ({ lambda }: LambdaWorld, arn: string, event: unknown = {}) => {
  const { payload, functionError } = await lambda.invoke(arn, event);
  return { functionError, ...JSON.parse(payload) };
};

afterEach(async () => {
  await Promise.all(worlds.splice(0).map(({ lambda }) => lambda.dispose()));
});

describe.each(MODES)('in the %s mode', (mode) => {
  test('a function answers its event, with its context', async () => {
    const world = open(mode);
    const arn = await world.create('echo');

    const answer = await invoke(world, arn, { greeting: 'Grüße' });

    expect(answer.event).toEqual({ greeting: 'Grüße' });
    expect(answer.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.remainingMs).toBeGreaterThan(0);
    expect(answer.remainingMs).toBeLessThanOrEqual(3000);
  });

  test('the context names function, memory and log', async () => {
    const world = open(mode);
    const arn = await world.create('context', { FunctionName: 'named', LoggingConfig: { LogGroup: '/sallyport/named' } });

    const context = await invoke(world, arn);

    expect(context).toMatchObject({
      functionName: 'named',
      functionVersion: '$LATEST',
      invokedFunctionArn: arn,
      memoryLimitInMB: '512',
      logGroupName: '/sallyport/named',
    });
    expect(context.logStreamName).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
  });

  test('the environment has the role’s credentials, the Region, the local endpoint and the template’s variables', async () => {
    const world = open(mode);
    const arn = await world.create('variables', {
      Environment: { Variables: { TUNNEL: 'https://abc.execute-api.us-east-1.amazonaws.com/live', PLAIN: 'x' } },
    });

    const variables = await invoke(world, arn);

    expect(variables).toMatchObject({
      AWS_ACCESS_KEY_ID: world.sessions.at(-1)!.accessKeyId,
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      _HANDLER: 'index.variables',
      TUNNEL: 'http://127.0.0.1:4321/live',
      PLAIN: 'x',
    });
    expect(variables.HOME).toBeUndefined();
  });

  test.each([
    ['fail', { errorType: 'TypeError', errorMessage: 'not today', trace: expect.arrayContaining(['TypeError: not today']) }],
    ['failWithText', { errorType: 'string', errorMessage: 'just text', trace: [] }],
    ['reject', { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/exit status 1$/) }],
    ['exit', { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/RequestId: \S+ Error: .*exit status 3/) }],
    ['nothing', { errorType: 'Runtime.HandlerNotFound', errorMessage: 'index.nothing is undefined or not exported' }],
  ])('the error of %s has AWS’s shape', async (handler, shape) => {
    const world = open(mode);
    const arn = await world.create(handler);

    const error = await failure(world, arn);

    expect(error).toMatchObject({ functionError: 'Unhandled', ...shape });
  });

  test('a function whose initialisation fails is started twice, then its error is the answer', async () => {
    const world = open(mode);
    const arn = await world.create('any', { Code: { S3Bucket: 'assets', S3Key: './broken' } });

    const error = await failure(world, arn);

    expect(error).toMatchObject({ errorType: 'Error', errorMessage: 'cannot start' });
    expect(world.lines.filter((line) => line.includes('cannot start'))).toHaveLength(2);
    expect(world.environments()).toEqual([]);
  });

  test('after a crash the next invocation has a new environment', async () => {
    const world = open(mode);
    const arn = await world.create('reject');

    const first = await failure(world, arn);
    const second = await failure(world, arn);

    expect([first.errorType, second.errorType]).toEqual(['Runtime.ExitError', 'Runtime.ExitError']);
    expect(world.lines.filter((line) => line.includes('nobody waits for me'))).not.toEqual([]);
  });

  test('an event and a result above 6 MB are refused', async () => {
    const world = open(mode);
    const arn = await world.create('large', { Timeout: 30 });

    const event = world.lambda.invoke(arn, { padding: 'x'.repeat(6 * 1024 * 1024) });

    await expect(event).rejects.toMatchObject({ status: 413, code: 'RequestTooLargeException' });
    await expect(failure(world, arn, { characters: 6 * 1024 * 1024 + 99 })).resolves.toMatchObject({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    });
    await expect(invoke(world, arn, { characters: 6 * 1024 * 1024 })).resolves.toHaveLength(6 * 1024 * 1024);
  });

  test('a function that takes too long is ended with its environment', async () => {
    const world = open(mode);
    const arn = await world.create('hang', { Timeout: 3 });

    const pending = failure(world, arn);
    await world.said('hanging');
    await world.clock.advance(3000);

    await expect(pending).resolves.toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 3.00 seconds$/),
    });
    expect(world.environments().filter(({ state }) => state !== 'ended')).toEqual([]);
  });

  test('an environment serves one request after the other', async () => {
    const world = open(mode);
    const arn = await world.create('echo');

    const first = await invoke(world, arn);
    const second = await invoke(world, arn);

    expect(second).toMatchObject({ environment: first.environment, invocations: 2 });
    expect(world.environments()).toHaveLength(1);
  });

  test('each concurrent request has an environment of its own', async () => {
    const world = open(mode);
    const arn = await world.create('meet', { Timeout: 30 });
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-meet-'));

    const met = await Promise.all([1, 2, 3].map(() => invoke(world, arn, { folder, count: 3 })));
    rmSync(folder, { recursive: true });

    expect(new Set(met.map(({ environment }) => environment)).size).toBe(3);
    expect(world.environments()).toHaveLength(3);
    expect(world.environments().every(({ initMs }) => initMs > 0)).toBe(true);
  });

  test('more than the account’s or the function’s concurrency is throttled', async () => {
    const world = open(mode, { concurrentExecutions: 2 });
    const free = await world.create('echo');
    const reserved = await world.create('echo', { ReservedConcurrentExecutions: 1 });

    const results = await Promise.allSettled([invoke(world, free), invoke(world, free), invoke(world, reserved), invoke(world, reserved)]);

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect(results[1]).toMatchObject({ reason: { status: 429, code: 'TooManyRequestsException' } });
    await expect(invoke(world, free)).resolves.toMatchObject({ event: {} });
  });

  test('an environment is replaced before its credentials end', async () => {
    const world = open(mode);
    const arn = await world.create('variables');

    const before = await invoke(world, arn);
    await world.clock.advance(3_600_000 - 60_000);
    const after = await invoke(world, arn);

    expect(after.AWS_ACCESS_KEY_ID).not.toBe(before.AWS_ACCESS_KEY_ID);
  });

  test('an environment is replaced where recycling is asked for', async () => {
    const world = open(mode, { recycleShare: 0.5, random: () => 0.4 });
    const arn = await world.create('echo');

    const first = await invoke(world, arn);
    const second = await invoke(world, arn);

    expect(second.environment).not.toBe(first.environment);
  });

  test('invocations and duration are metered, the log has what was said between START and REPORT', async () => {
    const world = open(mode);
    const arn = await world.create('say');

    await world.lambda.invoke(arn, {});
    await Promise.all([world.said('directly'), world.said('REPORT')]);

    const totals = world.meter.snapshot().totals;
    expect(totals.invocations).toBe(1);
    expect(totals['gb-seconds']).toBeGreaterThan(0);
    expect(world.lines[0]).toMatch(/^START RequestId: \S+ Version: \$LATEST$/);
    expect(world.lines).toHaveLength(5);
    expect(world.lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^\S+Z\t[0-9a-f-]{36}\tINFO\tsaid with console$/),
        '{"said":"directly"}',
        expect.stringMatching(/^END RequestId: /),
        expect.stringMatching(
          /^REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 512 MB\tInit Duration: [\d.]+ ms$/,
        ),
      ]),
    );
  });

  test('an unknown function is refused', async () => {
    const world = open(mode);

    const pending = world.lambda.invoke('arn:aws:lambda:us-east-1:123456789012:function:other', {});

    await expect(pending).rejects.toMatchObject({ status: 404, code: 'ResourceNotFoundException' });
  });
});
