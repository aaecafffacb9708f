// REST APIs, spoken to over HTTP as a client does.

import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AwsError } from '../services.ts';
import { functionUri, type GatewayFixture, startGateway, streamingUri } from './fixture.ts';

const NUL = '\0'.repeat(8);
const DOMAIN = '*.apps.example.com';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  readonly host?: string;
}

let world: GatewayFixture;
beforeEach(async () => {
  world = await startGateway();
});
afterEach(() => world.dispose());

const api = async (integration: Record<string, unknown>, properties: Record<string, unknown> = {}) => {
  const { ref: RestApiId, attributes } = await world.create('AWS::ApiGateway::RestApi', {
    Name: 'Ingress',
    BinaryMediaTypes: ['*/*'],
    EndpointConfiguration: { Types: ['REGIONAL'] },
    ...properties,
  });
  const root = attributes?.RootResourceId ?? '';
  const { ref: proxy } = await world.create('AWS::ApiGateway::Resource', { RestApiId, ParentId: root, PathPart: '{proxy+}' });
  const Integration = { Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST', ...integration };
  for (const ResourceId of [root, proxy]) {
    await world.create('AWS::ApiGateway::Method', { RestApiId, ResourceId, HttpMethod: 'ANY', AuthorizationType: 'NONE', Integration });
  }
  const { ref: DeploymentId } = await world.create('AWS::ApiGateway::Deployment', { RestApiId });
  await world.create('AWS::ApiGateway::Stage', { RestApiId, DeploymentId, StageName: 'prod' });
  await world.create('AWS::ApiGateway::DomainName', { DomainName: DOMAIN, RegionalCertificateArn: 'arn:aws:acm:…' });
  await world.create('AWS::ApiGateway::BasePathMapping', { DomainName: DOMAIN, RestApiId, Stage: 'prod' });
  return RestApiId;
};

const streaming = () => api({ Uri: streamingUri('router'), ResponseTransferMode: 'STREAM', TimeoutInMillis: 900_000 });
const buffered = () => api({ Uri: functionUri('router') });

const open = (path: string, { method = 'GET', headers = {}, host = 'wiki.apps.example.com' }: Ask = {}) =>
  httpRequest({ port: world.publicServer.port, host: '127.0.0.1', path, method, headers: { host, ...headers }, agent: false })
    // After the response, an error is no news.
    .on('error', () => {});

const ask = async (path: string, options: Ask = {}): Promise<Answer> => {
  const request = open(path, options);
  request.end(options.body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { ...(await read(response)), body: await text(response) };
};

const read = async (response: IncomingMessage) => ({
  status: response.statusCode ?? 0,
  headers: response.headers,
  rawHeaders: response.rawHeaders,
});

const text = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};

const answering = (metadata: object, ...payload: string[]) => {
  const events: unknown[] = [];
  world.streams.router = async function* (event) {
    events.push(event);
    yield JSON.stringify(metadata) + NUL;
    yield* payload;
  };
  return events as Array<Record<string, never>>;
};

describe('the event', () => {
  test('keeps the escapes of the path, the case of header names and every value', async () => {
    const RestApiId = await streaming();
    const events = answering({ statusCode: 200 });

    await ask('/a%2Fb/%3F/c%20d?q=1&q=2&e=%C3%A4+b&flag', {
      method: 'PUT',
      headers: { 'X-MiXed': ['one', 'two'], 'content-type': 'text/plain', 'X-Forwarded-For': '192.0.2.1' },
      body: 'hällo',
    });

    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      resource: '/{proxy+}',
      path: '/a%2Fb/%3F/c%20d',
      httpMethod: 'PUT',
      headers: { 'X-MiXed': 'two', Host: 'wiki.apps.example.com', 'X-Forwarded-For': '192.0.2.1, 127.0.0.1', 'X-Forwarded-Proto': 'http' },
      multiValueHeaders: { 'X-MiXed': ['one', 'two'] },
      queryStringParameters: { q: '2', e: 'ä b', flag: '' },
      multiValueQueryStringParameters: { q: ['1', '2'], e: ['ä b'], flag: [''] },
      pathParameters: { proxy: 'a/b/?/c d' },
      stageVariables: null,
      body: Buffer.from('hällo').toString('base64'),
      isBase64Encoded: true,
      requestContext: {
        resourcePath: '/{proxy+}',
        httpMethod: 'PUT',
        path: '/a%2Fb/%3F/c%20d',
        accountId: '123456789012',
        protocol: 'HTTP/1.1',
        stage: 'prod',
        domainPrefix: 'wiki',
        domainName: 'wiki.apps.example.com',
        apiId: RestApiId,
        identity: { sourceIp: '127.0.0.1', accountId: null },
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        extendedRequestId: expect.stringMatching(/^[\w-]{15}=$/),
        requestTime: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      },
    });
    expect(world.invokedFor).toEqual([`arn:aws:execute-api:us-east-1:123456789012:${RestApiId}/prod/PUT/*`]);
  });

  test('has no body, query or path parameters for a bare request of the root', async () => {
    await streaming();
    const events = answering({ statusCode: 200 });

    await ask('/');

    const nothing = { queryStringParameters: null, multiValueQueryStringParameters: null, pathParameters: null, body: null };
    expect(events[0]).toMatchObject({ resource: '/', path: '/', isBase64Encoded: false, ...nothing });
  });

  test('holds the path without the stage when the API itself is called', async () => {
    const RestApiId = await streaming();
    const events = answering({ statusCode: 200 });
    const url = world.endpoints.localise(`https://${RestApiId}.execute-api.us-east-1.amazonaws.com/prod/x`);

    await fetch(url);

    expect(events[0]).toMatchObject({ path: '/x', requestContext: { path: '/prod/x', stage: 'prod' } });
  });

  test('does not show an Authorization that AWS itself reads', async () => {
    await streaming();
    const events = answering({ statusCode: 200 });

    await ask('/', { headers: { Authorization: 'AWS4-HMAC-SHA256 Credential=x' } });
    await ask('/', { headers: { Authorization: 'Bearer x' } });

    expect(events.map(({ headers }) => (headers as unknown as Record<string, string>).Authorization)).toEqual([undefined, 'Bearer x']);
  });
});

describe('a streamed response', () => {
  test('sends the head when the delimiter has come and then each byte as it comes', async () => {
    await streaming();
    let release = () => {};
    world.streams.router = async function* () {
      yield '{"statusCode":201,"headers":{"X-One":"1"},';
      yield `"multiValueHeaders":{"Set-Cookie":["a=1","b=2"]},"cookies":["c=3"]}${NUL.slice(3)}`;
      yield `${NUL.slice(5)}first`;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      yield 'second';
    };

    const request = open('/');
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const [first] = (await once(response, 'data')) as [Buffer];
    release();

    expect(first.toString()).toBe('first');
    expect(await text(response)).toBe('second');
    expect(response.statusCode).toBe(201);
    expect(response.headers).toMatchObject({ 'x-one': '1', 'set-cookie': ['a=1', 'b=2', 'c=3'] });
    expect(response.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.headers['x-amz-apigw-id']).toMatch(/=$/);
    expect(response.headers['x-amzn-trace-id']).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
  });

  test('renames the headers that API Gateway keeps for itself', async () => {
    await streaming();
    answering(
      {
        statusCode: 401,
        headers: { 'Content-Length': '5', 'WWW-Authenticate': 'Negotiate', Server: 'x', Date: 'y', Connection: 'close', Via: 'z' },
      },
      'hello',
    );

    const { headers, rawHeaders, status, body } = await ask('/');

    expect({ status, body }).toEqual({ status: 401, body: 'hello' });
    expect(rawHeaders).toEqual(expect.arrayContaining(['x-amzn-Remapped-Content-Length', 'x-amzn-Remapped-WWW-Authenticate']));
    expect(headers).toMatchObject({ 'x-amzn-remapped-server': 'x', 'x-amzn-remapped-date': 'y', 'x-amzn-remapped-connection': 'close' });
    expect([headers['content-length'], headers['www-authenticate'], headers.via]).toEqual([undefined, undefined, undefined]);
  });

  test.each([
    ['the metadata is no JSON', `{${NUL}x`],
    ['the metadata has no status', `{}${NUL}x`],
    ['the status is none', `{"statusCode":99}${NUL}x`],
    ['a header is none', `{"statusCode":200,"headers":{"a b":"c"}}${NUL}x`],
    ['a header splits the head', `{"statusCode":200,"headers":{"a":"b\\r\\nc: d"}}${NUL}x`],
    ['it frames its body itself', `{"statusCode":200,"headers":{"Transfer-Encoding":"chunked"}}${NUL}x`],
    ['there is no delimiter', '{"statusCode":200}'],
    ['there is nothing', ''],
  ])('is 502 when %s', async (_, output) => {
    await streaming();
    world.streams.router = async function* () {
      yield output;
    };

    const { status, body, headers } = await ask('/');

    expect({ status, body }).toEqual({ status: 502, body: '{"message": "Internal server error"}' });
    expect(headers['x-amzn-errortype']).toBe('InternalServerErrorException');
  });

  test('breaks the connection when the function fails after the head', async () => {
    await streaming();
    world.streams.router = async function* () {
      yield `{"statusCode":200}${NUL}some`;
      throw new Error('Runtime exited');
    };

    await expect(ask('/')).rejects.toThrow();
  });

  test('tells the function that the user has gone', async () => {
    await streaming();
    const aborted = new Promise<void>((resolve) => {
      world.streams.router = async function* (_event, signal) {
        signal.addEventListener('abort', () => resolve());
        yield `{"statusCode":200}${NUL}some`;
        await once(signal, 'abort');
      };
    });

    const request = open('/');
    request.on('error', () => {});
    request.end();
    await once(request, 'response');
    request.destroy();

    await aborted;
  });

  test('is cut after five minutes of silence, and 504 when no head has come', async () => {
    await streaming();
    world.streams.router = async function* (event: { path: string }, signal) {
      if (event.path === '/late') yield `{"statusCode":200}${NUL}some`;
      reached();
      await once(signal, 'abort');
    };
    let reached = () => {};
    const silentAt = () =>
      new Promise<void>((resolve) => {
        reached = resolve;
      });

    const silence = silentAt();
    const early = ask('/early');
    await silence;
    await world.clock.advance(299_000);
    await world.clock.advance(1_000);
    const again = silentAt();
    const late = ask('/late').catch((error: Error) => error.message);
    await again;
    await world.clock.advance(300_000);

    expect(await early).toMatchObject({ status: 504, body: '{"message": "Endpoint request timed out"}' });
    expect(await late).toBe('aborted');
  });

  test('slows down to 2 MB/s after 10 MB', async () => {
    await world.dispose();
    world = await startGateway({ rest: { streamFreeBytes: 10, streamBytesPerSecond: 2 } });
    await streaming();
    answering({ statusCode: 200 }, '1234567890', 'ab', 'cd');
    const request = open('/');
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let received = '';
    response.on('data', (chunk: Buffer) => {
      received += chunk;
    });

    await once(response, 'data');
    await world.clock.advance(999);
    const early = received;
    await world.clock.advance(1);
    await once(response, 'data');
    const ended = once(response, 'end');
    await world.clock.advance(1000);
    await ended;

    expect(early).toBe('1234567890');
    expect(received).toBe('1234567890abcd');
  });

  test('has no body for HEAD', async () => {
    await streaming();
    answering({ statusCode: 200, headers: { etag: '"1"' } }, 'never');

    expect(await ask('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '', headers: { etag: '"1"' } });
  });
});

describe('a buffered response', () => {
  test('has status, headers and body of the function, base64 decoded', async () => {
    await buffered();
    world.functions.router = () => ({
      statusCode: 200,
      headers: { 'X-Both': 'lost', 'Content-Type': 'image/png' },
      multiValueHeaders: { 'x-both': ['1', '2'] },
      body: Buffer.from('ä').toString('base64'),
      isBase64Encoded: true,
    });

    const answer = await ask('/');

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
    await buffered();
    world.functions.router = run;

    expect(await ask('/')).toMatchObject({ status, body });
  });

  test('is 504 after 29 s', async () => {
    await buffered();
    const reached = new Promise<void>((resolve) => {
      world.functions.router = () => {
        resolve();
        return new Promise(() => {});
      };
    });

    const answer = ask('/');
    await reached;
    await world.clock.advance(29_000);

    expect(await answer).toMatchObject({ status: 504, body: '{"message": "Endpoint request timed out"}' });
  });

  test('is 500 without a permission to invoke, and the log says which', async () => {
    const RestApiId = await buffered();
    world.forbidden.add(`arn:aws:execute-api:us-east-1:123456789012:${RestApiId}/prod/GET/`);

    const { status } = await ask('/');

    expect(status).toBe(500);
    expect(world.logged.join()).toContain('an AWS::Lambda::Permission is missing');
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
    await streaming();
    const events = answering({ statusCode: 200 });

    const answer = await ask(path, options as Ask).catch((error: NodeJS.ErrnoException) => error);

    // A client that is still sending may see the refusal as a broken pipe.
    if (answer instanceof Error) expect(['EPIPE', 'ECONNRESET']).toContain(answer.code);
    else expect(answer).toMatchObject({ status, body });
    expect(events).toEqual([]);
  });

  test.each(['/ping', '/sping'])('answers %s on a custom domain name itself', async (path) => {
    await streaming();
    const events = answering({ statusCode: 200 });

    expect(await ask(path)).toMatchObject({ status: 200 });
    expect(events).toEqual([]);
  });

  test('refuses its own address when the template disables it', async () => {
    const RestApiId = await api({ Uri: functionUri('router') }, { DisableExecuteApiEndpoint: true });
    world.functions.router = () => ({ statusCode: 200 });
    const url = world.endpoints.localise(`https://${RestApiId}.execute-api.us-east-1.amazonaws.com/prod/`);

    expect((await fetch(url)).status).toBe(403);
    expect((await ask('/')).status).toBe(200);
  });

  test('carries no upgrade: the function gets a plain GET', async () => {
    await streaming();
    const events = answering({ statusCode: 200 }, 'plain');
    const socket = connect(world.publicServer.port, '127.0.0.1');
    socket.write('GET /x HTTP/1.1\r\nHost: wiki.apps.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');

    let answer = '';
    for await (const chunk of socket) answer += chunk;

    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('plain');
    expect(events).toHaveLength(1);
  });

  test('serves what was deployed and not what came later', async () => {
    const { ref: RestApiId, attributes } = await world.create('AWS::ApiGateway::RestApi', { Name: 'R' });
    const method = (ResourceId: string) =>
      world.create('AWS::ApiGateway::Method', {
        RestApiId,
        ResourceId,
        HttpMethod: 'GET',
        AuthorizationType: 'NONE',
        Integration: { Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST', Uri: functionUri('router') },
      });
    world.functions.router = () => ({ statusCode: 200 });
    await method(attributes?.RootResourceId ?? '');
    const { ref: DeploymentId } = await world.create('AWS::ApiGateway::Deployment', { RestApiId });
    await world.create('AWS::ApiGateway::Stage', { RestApiId, DeploymentId, StageName: 'prod' });
    const { ref: late } = await world.create('AWS::ApiGateway::Resource', {
      RestApiId,
      ParentId: attributes?.RootResourceId,
      PathPart: 'late',
    });
    await method(late);
    const url = world.endpoints.localise(`https://${RestApiId}.execute-api.us-east-1.amazonaws.com`);

    expect((await fetch(`${url}/prod`)).status).toBe(200);
    expect((await fetch(`${url}/prod/late`)).status).toBe(403);
    expect(await (await fetch(`${url}/constructor`)).text()).toBe('{"message":"Forbidden"}');
  });

  test('refuses a property that is not simulated, by name', async () => {
    await expect(world.create('AWS::ApiGateway::RestApi', { Name: 'R', MinimumCompressionSize: 0 })).rejects.toThrow(
      /MinimumCompressionSize/,
    );
    await expect(api({ Uri: streamingUri('router') })).rejects.toThrow(/ResponseTransferMode BUFFERED/);
  });

  test('bills one request', async () => {
    await streaming();
    answering({ statusCode: 200 }, 'x');

    await ask('/');

    expect(world.meter.snapshot().totals['rest-requests']).toBe(1);
  });
});
