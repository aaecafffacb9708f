// Streaming from a real function in a real execution environment, through a REST API, to a client.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createWorld, type LambdaWorld } from '../lambda/fixture/world.ts';
import type { Mode } from '../lambda/sandbox.ts';
import { type RestFixture, startRest } from './rest-fixture.ts';

const FUNCTIONS = fileURLToPath(new URL('functions', import.meta.url));

let rest: RestFixture;
let world: LambdaWorld;
afterEach(async () => {
  await rest.world.dispose();
  await world.lambda.dispose();
});

const start = async (mode: Mode, handler: string) => {
  world = createWorld(mode, { assets: { path: () => FUNCTIONS } });
  rest = await startRest({ lambda: world.lambda });
  const arn = await world.create(handler);
  const Uri = `arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/${arn}/response-streaming-invocations`;
  await rest.api({ Uri, ResponseTransferMode: 'STREAM', TimeoutInMillis: 900_000 });
};

describe.each(['faithful', 'quick'] as const)('in the %s mode', (mode) => {
  test('head, cookies and body arrive', async () => {
    await start(mode, 'greet');

    const answer = await rest.ask('/a%2Fb');

    expect(answer).toMatchObject({ status: 201, body: 'hello world', headers: { 'x-path': '/a%2Fb', 'set-cookie': ['a=1', 'b=2'] } });
  });

  test('end() without write() sends no prelude: 502', async () => {
    await start(mode, 'endOnly');

    expect(await rest.ask('/')).toMatchObject({ status: 502, body: '{"message": "Internal server error"}' });
  });

  test('a function that fails before its head is 502', async () => {
    await start(mode, 'failFirst');

    expect(await rest.ask('/')).toMatchObject({ status: 502, body: '{"message": "Internal server error"}' });
  });

  test('a function that fails after its head breaks the connection', async () => {
    await start(mode, 'failLater');

    await expect(rest.ask('/')).rejects.toThrow(/aborted|hang up/);
  });

  test('a user who goes is noticed by the function', async () => {
    await start(mode, 'forever');
    const request = rest.open('/');
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => {});
    await once(response, 'data');

    request.destroy();

    await world.said('the user has gone');
  });

  test('a user who goes before the first byte is noticed by a function whose stream is open', async () => {
    await start(mode, 'wait');
    const request = rest.open('/');
    request.end();
    await world.said('waiting');

    request.destroy();

    await world.said('the user has gone');
  });
});
