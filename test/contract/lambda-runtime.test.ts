// What stands for AWS's runtime client in the simulator behaves as AWS's own does: each function of the fixture is run by both, and what
// callers get and what the log says must be equal, but for what names the two programs themselves.
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { createWorld, type LambdaWorld } from '../../simulator/lambda/fixture/world.ts';
import { FunctionError } from '../../simulator/lambda/function-error.ts';
import type { Runtime } from '../../simulator/lambda/sandbox.ts';
import type { InvokeStream } from '../../simulator/services.ts';
import { installAwsRuntime, theAwsRuntime } from '../support/aws-runtime.ts';

beforeAll(() => installAwsRuntime(), 600_000);

const worlds: LambdaWorld[] = [];
afterEach(async () => {
  await Promise.all(worlds.splice(0).map(({ lambda }) => lambda.dispose()));
});

const open = (runtime: Runtime | undefined): LambdaWorld => {
  const world = createWorld('faithful', { ...(runtime && { runtime }), pacing: false });
  worlds.push(world);
  return world;
};

/** Without what differs from run to run: ids and times; and of stacks only the first line, which says what happened. */
const told = (text: string): string => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');

const toldObject = (text: string): unknown => {
  const value = JSON.parse(told(text));
  for (const name of ['trace', 'stack']) if (Array.isArray(value?.[name])) value[name] = value[name].slice(0, 1);
  return value;
};

/** What the function's own code and the runtime's log lines say; START, END and REPORT are the simulator's. */
const linesOf = ({ lines }: LambdaWorld): unknown[] =>
  lines
    .filter((line) => /\t(?:ERROR|INFO)\t|^\{/.test(line))
    .map((line) => {
      const [, said, object] = /^([^{]*)(\{.*\})?$/.exec(line)!;
      if (object === undefined) return told(said!);
      const { name: _, ...rest } = toldObject(object) as Record<string, unknown>;
      return [told(said!), rest];
    });

const readAll = async ({ chunks }: InvokeStream) => {
  let text = '';
  try {
    for await (const chunk of chunks) text += chunk.toString('utf8');
    return { text };
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    return { text, error: toldObject(error.payload) };
  }
};

const invoked = async (runtime: Runtime | undefined, handler: string, event: unknown) => {
  const world = open(runtime);
  const arn = await world.create(handler);
  const answers = [];
  for (const _ of ['cold', 'warm']) {
    const { payload, functionError } = await world.lambda.invoke(arn, event);
    answers.push({ payload: toldObject(payload), functionError });
  }
  await world.said(handler === 'nothing' ? 'Init Error' : 'REPORT');
  return { answers, lines: linesOf(world) };
};

const streamed = async (runtime: Runtime | undefined, handler: string, event: unknown) => {
  const world = open(runtime);
  const arn = await world.create(handler);
  const answers = [];
  for (const _ of ['cold', 'warm']) answers.push(await readAll(await world.lambda.invokeStreaming(arn, event)));
  await world.said('REPORT');
  return { answers, lines: linesOf(world) };
};

test.each([
  ['large', { characters: 3 }],
  ['say', {}],
  ['fail', {}],
  ['failWithText', {}],
  ['reject', {}],
  ['exit', {}],
  ['nothing', {}],
])('%s, invoked', async (handler, event) => {
  const [ours, theirs] = await Promise.all([invoked(undefined, handler, event), invoked(theAwsRuntime(), handler, event)]);

  expect(ours).toEqual(theirs);
});

test.each([
  ['stream', { parts: ['one ', 'two'] }],
  ['stream', { parts: [] }],
  ['streamWithoutWrite', {}],
  ['streamThenFail', {}],
  ['streamThenExit', {}],
  ['large', { characters: 3 }],
])('%s, streamed', async (handler, event) => {
  const [ours, theirs] = await Promise.all([streamed(undefined, handler, event), streamed(theAwsRuntime(), handler, event)]);

  expect(ours).toEqual(theirs);
});

test('a context has the same fields', async () => {
  const fieldsOf = async (runtime: Runtime | undefined) => {
    const world = open(runtime);
    const { payload } = await world.lambda.invoke(await world.create('context'), {});
    return Object.keys(JSON.parse(payload)).sort();
  };

  const [ours, theirs] = await Promise.all([fieldsOf(undefined), fieldsOf(theAwsRuntime())]);

  expect(ours).toEqual(theirs);
});

test('a stream whose reader has gone breaks under the function, which then takes the next request in the same process', async () => {
  const after = async (runtime: Runtime | undefined) => {
    const world = open(runtime);
    const arn = await world.create('streamForever');
    const first = await world.lambda.invokeStreaming(arn, {});
    await first.chunks[Symbol.asyncIterator]().next();
    first.abort();
    await world.said('stream was closed');
    await world.said('REPORT');
    const second = await world.lambda.invokeStreaming(arn, {});
    await second.chunks[Symbol.asyncIterator]().next();
    second.abort();
    return world.environments().map(({ invocations }) => invocations);
  };

  const [ours, theirs] = await Promise.all([after(undefined), after(theAwsRuntime())]);

  expect([ours, theirs]).toEqual([[2], [2]]);
});
