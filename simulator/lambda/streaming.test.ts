import { afterEach, describe, expect, test } from '@jest/globals';
import type { InvokeStream } from '../services.ts';
import { createWorld, type LambdaWorld } from './fixture/world.ts';
import type { Mode } from './sandbox.ts';

const MODES: readonly Mode[] = ['faithful', 'quick'];
const worlds: LambdaWorld[] = [];

const open = (mode: Mode, options: Parameters<typeof createWorld>[1] = {}): LambdaWorld => {
  const world = createWorld(mode, options);
  worlds.push(world);
  return world;
};

/** What came until the end, or until the error. */
const readAll = async ({ chunks }: InvokeStream): Promise<{ readonly text: string; readonly error: unknown }> => {
  let text = '';
  try {
    for await (const chunk of chunks) text += chunk.toString('utf8');
    return { text, error: null };
  } catch (error) {
    return { text, error };
  }
};

afterEach(async () => {
  await Promise.all(worlds.splice(0).map(({ lambda }) => lambda.dispose()));
});

describe.each(MODES)('response streaming in the %s mode', (mode) => {
  test('the prelude, eight NUL bytes and the body arrive', async () => {
    const world = open(mode);
    const arn = await world.create('stream');

    const { text, error } = await readAll(await world.lambda.invokeStreaming(arn, { parts: ['one ', 'two'] }));

    expect(error).toBeNull();
    expect(text).toBe(`{"statusCode":201,"headers":{"content-type":"text/plain"}}${'\0'.repeat(8)}one two`);
  });

  test('a stream that is ended without a write sends no prelude, as on AWS', async () => {
    const world = open(mode);
    const arn = await world.create('streamWithoutWrite');

    const { text } = await readAll(await world.lambda.invokeStreaming(arn, {}));

    expect(text).toBe('only end');
  });

  test('a buffered handler’s result is the whole stream, and a streaming handler’s stream is a buffered result', async () => {
    const world = open(mode);
    const buffered = await world.create('large');
    const streaming = await world.create('stream');

    const streamed = await readAll(await world.lambda.invokeStreaming(buffered, { characters: 3 }));
    const collected = await world.lambda.invoke(streaming, { parts: ['one'] });

    expect(streamed.text).toBe('"xxx"');
    expect(collected.payload).toBe(`{"statusCode":201,"headers":{"content-type":"text/plain"}}${'\0'.repeat(8)}one`);
  });

  test('an error in the middle reaches the reader after what was written', async () => {
    const world = open(mode);
    const arn = await world.create('streamThenFail');

    const { text, error } = await readAll(await world.lambda.invokeStreaming(arn, {}));

    expect(text).toBe('a beginning');
    expect(error).toMatchObject({ described: { errorType: 'RangeError', errorMessage: 'in the middle' } });
  });

  test('an environment that ends in the middle says how', async () => {
    const world = open(mode);
    const arn = await world.create('streamThenExit');

    const { text, error } = await readAll(await world.lambda.invokeStreaming(arn, {}));

    expect(text).toBe('a beginning');
    expect(error).toMatchObject({ described: { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/exit status 4$/) } });
  });

  test('the function’s time limit covers its stream', async () => {
    const world = open(mode);
    const arn = await world.create('streamThenHang');

    const chunks = (await world.lambda.invokeStreaming(arn, {})).chunks[Symbol.asyncIterator]();
    const first = await chunks.next();
    const rest = chunks.next();
    await Promise.all([world.clock.advance(3000), expect(rest).rejects.toMatchObject({ described: { errorType: 'Sandbox.Timedout' } })]);

    expect(String(first.value)).toBe('a beginning');
  });

  test('abort() closes the stream under the function, which then takes the next request', async () => {
    const world = open(mode);
    const arn = await world.create('streamForever');

    const first = await world.lambda.invokeStreaming(arn, {});
    const firstChunks = first.chunks[Symbol.asyncIterator]();
    await firstChunks.next();
    first.abort();
    await world.said('stream was closed');
    await world.said('REPORT');
    const second = await world.lambda.invokeStreaming(arn, {});
    const again = await second.chunks[Symbol.asyncIterator]().next();
    second.abort();

    expect(String(again.value)).toContain('tick');
    expect(world.environments()).toHaveLength(1);
    expect(world.environments()[0]!.invocations).toBe(2);
  });

  test('with departures unseen the function writes on to its end, and nothing tells it', async () => {
    const world = open(mode, { departures: 'unseen', pacing: false });
    const arn = await world.create('streamMuch', { Timeout: 60 });

    const stream = await world.lambda.invokeStreaming(arn, { megabytes: 48 });
    await stream.chunks[Symbol.asyncIterator]().next();
    stream.abort();

    await world.said('written 48');
    await world.said('REPORT');
    expect(world.lines.filter((line) => line.includes('ERROR'))).toEqual([]);
  });

  test('a reader that waits holds the function back', async () => {
    const world = open(mode);
    const arn = await world.create('streamMuch', { Timeout: 60 });
    const other = await world.create('echo');
    const written = () => world.lines.filter((line) => line.startsWith('written ')).length;

    const stream = await world.lambda.invokeStreaming(arn, { megabytes: 48 });
    const chunks = stream.chunks[Symbol.asyncIterator]();
    await chunks.next();
    // Quiet is when another function was invoked so many times without one more line of this one.
    for (let quiet = 0, last = 0; quiet < 20; ) {
      await world.lambda.invoke(other, {});
      quiet = written() === last ? quiet + 1 : 0;
      last = written();
    }
    const heldBackAt = written();
    stream.abort();

    expect(heldBackAt).toBeLessThan(24);
  });
});
