// REST APIs, spoken to over HTTP as a client does: buffered responses, and what API Gateway itself answers.
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AwsError } from '../services.ts';
import { functionUri, streamingUri } from './fixture.ts';
import { type Ask, type RestFixture, startRest } from './rest-fixture.ts';

let rest: RestFixture;
beforeEach(async () => {
  rest = await startRest();
});
afterEach(() => rest.world.dispose());

describe('a buffered response', () => {
  test('has status, headers and body of the function, base64 decoded', async () => {
    await rest.buffered();
    rest.world.functions.router = () => ({
      statusCode: 200,
      headers: { 'X-Both': 'lost', 'Content-Type': 'image/png' },
      multiValueHeaders: { 'x-both': ['1', '2'] },
      body: Buffer.from('ä').toString('base64'),
      isBase64Encoded: true,
    });

    const answer = await rest.ask('/');

    expect(answer).toMatchObject({
      status: 200,
      body: 'ä',
      headers: { 'x-both': '1, 2', 'content-type': 'image/png', 'content-length': '2' },
    });
  });

  test.each([
    ['502 for a function error', () => Promise.reject(new Error('boom')), 502, '{"message": "Internal server error"}'],
    ['502 for an answer that is no response', () => 'hello', 502, '{"message": "Internal server error"}'],
    [
      '413 for an event that is too large',
      () => Promise.reject(new AwsError(413, 'RequestTooLarge', '')),
      413,
      '{"message":"Request Too Long"}',
    ],
    [
      '500 for a throttled function',
      () => Promise.reject(new AwsError(429, 'TooManyRequests', '')),
      500,
      '{"message": "Internal server error"}',
    ],
  ])('is %s', async (_, run, status, body) => {
    await rest.buffered();
    rest.world.functions.router = run;

    expect(await rest.ask('/')).toMatchObject({ status, body });
  });

  test('is 504 after 29 s', async () => {
    await rest.buffered();
    const reached = new Promise<void>((resolve) => {
      rest.world.functions.router = () => {
        resolve();
        return new Promise(() => {});
      };
    });

    const answer = rest.ask('/');
    await reached;
    await rest.world.clock.advance(29_000);

    expect(await answer).toMatchObject({ status: 504, body: '{"message": "Endpoint request timed out"}' });
  });

  test('is 500 without a permission to invoke, and the log says which', async () => {
    const RestApiId = await rest.buffered();
    rest.world.forbidden.add(`arn:aws:execute-api:us-east-1:123456789012:${RestApiId}/prod/GET/`);

    const { status } = await rest.ask('/');

    expect(status).toBe(500);
    expect(rest.world.logged.join()).toContain('an AWS::Lambda::Permission is missing');
  });
});

describe('API Gateway itself', () => {
  test.each([
    ['a method that it does not carry', '/', { method: 'PROPFIND' }, 403, '{"message":"Missing Authentication Token"}'],
    ['an unknown host', '/', { host: 'apps.example.com' }, 403, '{"message":"Forbidden"}'],
    ['a host two labels below the wildcard', '/', { host: 'a.b.apps.example.com' }, 403, '{"message":"Forbidden"}'],
    [
      'headers over 10,240 bytes',
      '/',
      { headers: { 'x-large': 'x'.repeat(10_240) } },
      431,
      '{"message":"Request Header Fields Too Large"}',
    ],
    ['a query with an escape that is none', '/?a=%zz', {}, 400, '{"message":"Bad Request"}'],
    ['a query with a bare brace', '/?a={b}', {}, 400, '{"message":"Bad Request"}'],
    ['a body over 10 MB', '/', { method: 'POST', body: Buffer.alloc(10 * 1024 * 1024 + 1) }, 413, '{"message":"Request Too Long"}'],
  ] as const)('refuses %s', async (_, path, options, status, body) => {
    await rest.streaming();
    const events = rest.answering({ statusCode: 200 });

    const answer = await rest.ask(path, options as Ask).catch((error: NodeJS.ErrnoException) => error);

    // A client that is still sending may see the refusal as a broken pipe.
    if (answer instanceof Error) expect(['EPIPE', 'ECONNRESET']).toContain(answer.code);
    else expect(answer).toMatchObject({ status, body });
    expect(events).toEqual([]);
  });

  test.each(['/ping', '/sping'])('answers %s on a custom domain name itself', async (path) => {
    await rest.streaming();
    const events = rest.answering({ statusCode: 200 });

    expect(await rest.ask(path)).toMatchObject({ status: 200 });
    expect(events).toEqual([]);
  });

  test('refuses its own address when the template disables it', async () => {
    const RestApiId = await rest.api({ Uri: functionUri('router') }, { DisableExecuteApiEndpoint: true });
    rest.world.functions.router = () => ({ statusCode: 200 });
    const url = rest.world.endpoints.localise(`https://${RestApiId}.execute-api.us-east-1.amazonaws.com/prod/`);

    expect((await fetch(url)).status).toBe(403);
    expect((await rest.ask('/')).status).toBe(200);
  });

  test('carries no upgrade: the function gets a plain GET', async () => {
    await rest.streaming();
    const events = rest.answering({ statusCode: 200 }, 'plain');
    const socket = connect(rest.world.publicServer.port, '127.0.0.1');
    socket.write('GET /x HTTP/1.1\r\nHost: wiki.apps.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');

    let answer = '';
    for await (const chunk of socket) answer += chunk;

    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('plain');
    expect(events).toHaveLength(1);
  });

  test('serves what was deployed and not what came later', async () => {
    const { ref: RestApiId, attributes } = await rest.world.create('AWS::ApiGateway::RestApi', { Name: 'R' });
    const method = (ResourceId: string) =>
      rest.world.create('AWS::ApiGateway::Method', {
        RestApiId,
        ResourceId,
        HttpMethod: 'GET',
        AuthorizationType: 'NONE',
        Integration: { Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST', Uri: functionUri('router') },
      });
    rest.world.functions.router = () => ({ statusCode: 200 });
    await method(attributes?.RootResourceId ?? '');
    const { ref: DeploymentId } = await rest.world.create('AWS::ApiGateway::Deployment', { RestApiId });
    await rest.world.create('AWS::ApiGateway::Stage', { RestApiId, DeploymentId, StageName: 'prod' });
    const { ref: late } = await rest.world.create('AWS::ApiGateway::Resource', {
      RestApiId,
      ParentId: attributes?.RootResourceId,
      PathPart: 'late',
    });
    await method(late);
    const url = rest.world.endpoints.localise(`https://${RestApiId}.execute-api.us-east-1.amazonaws.com`);

    expect((await fetch(`${url}/prod`)).status).toBe(200);
    expect((await fetch(`${url}/prod/late`)).status).toBe(403);
    expect(await (await fetch(`${url}/constructor`)).text()).toBe('{"message":"Forbidden"}');
  });

  test('refuses a property that is not simulated, by name', async () => {
    await expect(rest.world.create('AWS::ApiGateway::RestApi', { Name: 'R', MinimumCompressionSize: 0 })).rejects.toThrow(
      /MinimumCompressionSize/,
    );
    await expect(rest.api({ Uri: streamingUri('router') })).rejects.toThrow(/ResponseTransferMode BUFFERED/);
  });

  test('bills one request', async () => {
    await rest.streaming();
    rest.answering({ statusCode: 200 }, 'x');

    await rest.ask('/');

    expect(rest.world.meter.snapshot().totals['rest-requests']).toBe(1);
  });
});
