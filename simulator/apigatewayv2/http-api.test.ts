// HTTP APIs, spoken to over HTTP as a client does.

import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { functionArn, functionUri, type GatewayFixture, startGateway } from '../apigateway/fixture.ts';
import { AwsError } from '../services.ts';

const PORTAL = 'portal.example.com';
const SIGNED = 'AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/execute-api/aws4_request';

let world: GatewayFixture;
let apiId: string;

beforeEach(async () => {
  world = await startGateway();
  apiId = (await world.create('AWS::ApiGatewayV2::Api', { Name: 'Portal', ProtocolType: 'HTTP' })).ref;
  await world.create('AWS::ApiGatewayV2::Stage', { ApiId: apiId, StageName: '$default', AutoDeploy: true });
  await world.create('AWS::ApiGatewayV2::DomainName', {
    DomainName: PORTAL,
    DomainNameConfigurations: [{ CertificateArn: 'arn:aws:acm:…' }],
  });
  await world.create('AWS::ApiGatewayV2::ApiMapping', { ApiId: apiId, DomainName: PORTAL, Stage: '$default' });
});
afterEach(() => world.dispose());

const route = async (RouteKey: string, name: string, properties: Record<string, unknown> = {}) => {
  const integration = await world.create('AWS::ApiGatewayV2::Integration', {
    ApiId: apiId,
    IntegrationType: 'AWS_PROXY',
    IntegrationUri: functionArn(name),
    PayloadFormatVersion: '2.0',
  });
  await world.create('AWS::ApiGatewayV2::Route', { ApiId: apiId, RouteKey, Target: `integrations/${integration.ref}`, ...properties });
};

const recording = (name: string, answer: (event: Record<string, never>) => unknown = () => ({ statusCode: 200, body: name })) => {
  const events: Array<Record<string, never>> = [];
  world.functions[name] = (event) => {
    events.push(event);
    return answer(event);
  };
  return events;
};

const ask = async (path: string, options: { method?: string; headers?: Record<string, string | string[]>; body?: string } = {}) => {
  const { method = 'GET', headers = {}, body } = options;
  const request = httpRequest({
    port: world.publicServer.port,
    host: '127.0.0.1',
    path,
    method,
    headers: { host: PORTAL, ...headers },
    agent: false,
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
};

describe('the event', () => {
  test('is that of payload format 2.0: path decoded, names in lower case, values joined, cookies apart', async () => {
    const events = recording('portal');
    await route('$default', 'portal');

    await ask('/a%2Fb/c%20d?q=1&q=2&e=%C3%A4', {
      method: 'POST',
      headers: { 'X-MiXed': ['one', 'two'], Cookie: 'a=1; b=2', 'Content-Type': 'application/json', 'User-Agent': 'tester' },
      body: '{"ä":1}',
    });

    expect(events[0]).toEqual({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/a/b/c d',
      rawQueryString: 'q=1&q=2&e=%C3%A4',
      cookies: ['a=1', 'b=2'],
      headers: expect.objectContaining({ 'x-mixed': 'one,two', host: PORTAL, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' }),
      queryStringParameters: { q: '1,2', e: 'ä' },
      body: '{"ä":1}',
      isBase64Encoded: false,
      requestContext: {
        accountId: '123456789012',
        apiId,
        domainName: PORTAL,
        domainPrefix: 'portal',
        http: { method: 'POST', path: '/a/b/c d', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'tester' },
        requestId: expect.stringMatching(/=$/),
        routeKey: '$default',
        stage: '$default',
        time: expect.stringMatching(/ \+0000$/),
        timeEpoch: world.clock.now(),
      },
    });
    expect(Object.keys(events[0]!.headers ?? {})).not.toContain('cookie');
    expect(world.invokedFor).toEqual([`arn:aws:execute-api:us-east-1:123456789012:${apiId}/$default/$default`]);
  });

  test('loses what comes after a decoded question mark or number sign', async () => {
    const events = recording('portal');
    await route('$default', 'portal');

    await ask('/a%3Fb');
    await ask('/a%23b');

    expect(events.map(({ rawPath }) => rawPath)).toEqual(['/a', '/a']);
  });

  test('has a body in base64 when its type is no text', async () => {
    const events = recording('portal');
    await route('$default', 'portal');

    await ask('/', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=b' });

    expect(events[0]).toMatchObject({ body: Buffer.from('a=b').toString('base64'), isBase64Encoded: true });
  });
});

describe('routing', () => {
  test.each([
    ['GET', '/pets/dog/1', 'fixed'],
    ['GET', '/pets/dog/2', 'parameter'],
    ['POST', '/pets/dog/2', 'any'],
    ['GET', '/other', 'default'],
    ['GET', '/pets/', 'default'],
    ['GET', '/pets%2Fdog%2F1', 'fixed'],
  ])('%s %s is for %s', async (method, path, name) => {
    for (const [key, to] of [
      ['$default', 'default'],
      ['ANY /pets/{proxy+}', 'any'],
      ['GET /pets/dog/{id}', 'parameter'],
      ['GET /pets/dog/1', 'fixed'],
    ] as const) {
      recording(to);
      await route(key, to);
    }

    expect((await ask(path, { method })).body).toBe(name);
  });

  test('gives path parameters', async () => {
    const events = recording('pets');
    await route('ANY /pets/{kind}/{proxy+}', 'pets');

    await ask('/pets/dog/a/b');

    expect(events[0]).toMatchObject({ routeKey: 'ANY /pets/{kind}/{proxy+}', pathParameters: { kind: 'dog', proxy: 'a/b' } });
  });

  test('answers 404 without a route, and for a method that it does not carry', async () => {
    recording('pets');
    await route('GET /pets', 'pets');

    expect(await ask('/')).toMatchObject({ status: 404, body: '{"message":"Not Found"}' });
    expect(await ask('/pets', { method: 'PROPFIND' })).toMatchObject({ status: 404 });
  });
});

describe('the response', () => {
  const respond = async (answer: () => unknown) => {
    recording('portal', answer);
    await route('$default', 'portal');
    return ask('/');
  };

  test('has a set-cookie for each cookie and says what it is', async () => {
    const answer = await respond(() => ({
      statusCode: 201,
      headers: { 'X-A': 1 },
      cookies: ['a=1', 'b=2'],
      body: 'w7Y=',
      isBase64Encoded: true,
    }));

    expect(answer).toMatchObject({
      status: 201,
      body: 'ö',
      headers: { 'x-a': '1', 'set-cookie': ['a=1', 'b=2'], 'content-type': 'text/plain; charset=utf-8', 'content-length': '2' },
    });
    expect(answer.headers['apigw-requestid']).toMatch(/=$/);
  });

  test('ignores multiValueHeaders', async () => {
    expect((await respond(() => ({ statusCode: 200, multiValueHeaders: { 'x-a': ['1'] } }))).headers['x-a']).toBeUndefined();
  });

  test.each([
    ['an object without a status', () => ({ hello: 1 }), '{"hello":1}'],
    ['text', () => 'hello', '"hello"'],
    ['nothing', () => null, 'null'],
  ])('is 200 and JSON for %s', async (_, answer, body) => {
    expect(await respond(answer)).toMatchObject({ status: 200, body, headers: { 'content-type': 'application/json' } });
  });

  test.each([
    ['500 for a function error', () => Promise.reject(new Error('boom')), 500, 'Internal Server Error'],
    ['500 for a status that is none', () => ({ statusCode: 'x' }), 500, 'Internal Server Error'],
    ['500 for a header that splits the head', () => ({ statusCode: 200, headers: { a: 'b\r\nc: d' } }), 500, 'Internal Server Error'],
    ['413 for an event that is too large', () => Promise.reject(new AwsError(413, 'RequestTooLarge', '')), 413, 'Request Entity Too Large'],
    ['503 for a throttled function', () => Promise.reject(new AwsError(429, 'TooManyRequests', '')), 503, 'Service Unavailable'],
  ])('is %s', async (_, answer, status, message) => {
    expect(await respond(answer)).toMatchObject({ status, body: JSON.stringify({ message }) });
  });

  test('is 503 after 30 s', async () => {
    const reached = new Promise<void>((resolve) => {
      recording('portal', () => {
        resolve();
        return new Promise(() => {});
      });
    });
    await route('$default', 'portal');

    const answer = ask('/');
    await reached;
    await world.clock.advance(30_000);

    expect(await answer).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
  });

  test('is 431 for headers over 10,240 bytes', async () => {
    recording('portal');
    await route('$default', 'portal');

    expect((await ask('/', { headers: { 'x-large': 'x'.repeat(10_240) } })).status).toBe(431);
  });
});

describe('AWS_IAM', () => {
  test('lets in who has signed and may invoke this path, and tells the function who', async () => {
    const events = recording('control');
    await route('ANY /control/{proxy+}', 'control', { AuthorizationType: 'AWS_IAM' });
    world.forbidden.add(`arn:aws:execute-api:us-east-1:123456789012:${apiId}/$default/GET/control/secret`);

    const unsigned = await ask('/control/x');
    const denied = await ask('/control/secret', { headers: { authorization: SIGNED } });
    const signed = await ask('/control/x', { headers: { authorization: SIGNED } });

    expect([unsigned.status, unsigned.body]).toEqual([403, '{"message":"Forbidden"}']);
    expect(denied.status).toBe(403);
    expect(signed.status).toBe(200);
    const iam = { accessKey: 'AKIAEXAMPLE', userArn: 'arn:aws:iam::123456789012:user/AKIAEXAMPLE', accountId: '123456789012' };
    expect(events).toEqual([
      expect.objectContaining({ requestContext: expect.objectContaining({ authorizer: { iam: expect.objectContaining(iam) } }) }),
    ]);
  });
});

describe('a Lambda authorizer', () => {
  const guarded = async (
    answer: (event: Record<string, never>) => unknown,
    properties: Record<string, unknown> = { EnableSimpleResponses: true },
  ) => {
    const asked = recording('authorizer', answer);
    const events = recording('portal');
    const { ref } = await world.create('AWS::ApiGatewayV2::Authorizer', {
      ApiId: apiId,
      Name: 'A',
      AuthorizerType: 'REQUEST',
      AuthorizerUri: functionUri('authorizer'),
      AuthorizerPayloadFormatVersion: '2.0',
      IdentitySource: ['$request.header.Authorization'],
      ...properties,
    });
    await route('GET /x', 'portal', { AuthorizationType: 'CUSTOM', AuthorizerId: ref });
    return { asked, events };
  };
  const headers = { authorization: 'Bearer x' };

  test('decides simply, and its context reaches the function', async () => {
    const { asked, events } = await guarded(() => ({ isAuthorized: true, context: { number: 7 } }));

    const { status } = await ask('/x', { headers });

    expect(status).toBe(200);
    expect(asked[0]).toMatchObject({
      version: '2.0',
      type: 'REQUEST',
      routeArn: `arn:aws:execute-api:us-east-1:123456789012:${apiId}/$default/GET/x`,
      identitySource: ['Bearer x'],
      routeKey: 'GET /x',
    });
    expect(events[0]).toMatchObject({ requestContext: { authorizer: { lambda: { number: 7 } } } });
  });

  test('decides by policy', async () => {
    const statement = (Effect: string) => ({ Action: 'execute-api:Invoke', Effect, Resource: '*' });
    let effect = 'Allow';
    await guarded(() => ({ principalId: 'me', policyDocument: { Statement: [statement(effect)] } }), {});

    const allowed = await ask('/x', { headers });
    effect = 'Deny';
    const denied = await ask('/x', { headers });

    expect([allowed.status, denied.status]).toEqual([200, 403]);
  });

  test.each([
    ['403 when it says no', () => ({ isAuthorized: false }), 403],
    ['401 when it throws Unauthorized', () => Promise.reject(new Error('Unauthorized')), 401],
    ['500 when it fails', () => Promise.reject(new Error('boom')), 500],
    ['500 when it answers something else', () => ({}), 500],
  ])('refuses with %s', async (_, answer, status) => {
    const { events } = await guarded(answer);

    expect((await ask('/x', { headers })).status).toBe(status);
    expect(events).toEqual([]);
  });

  test('is not asked without identity, and its answer is kept for its time to live', async () => {
    const { asked } = await guarded(() => ({ isAuthorized: true }), { EnableSimpleResponses: true, AuthorizerResultTtlInSeconds: 300 });

    const without = await ask('/x');
    await ask('/x', { headers });
    await ask('/x', { headers });
    const kept = asked.length;
    await world.clock.advance(300_000);
    await ask('/x', { headers });

    expect([without.status, without.body]).toEqual([401, '{"message":"Unauthorized"}']);
    expect([kept, asked.length]).toEqual([1, 2]);
  });
});

test('the address of the API itself can be disabled; other stages stand before the path', async () => {
  const { ref } = await world.create('AWS::ApiGatewayV2::Api', { Name: 'Closed', ProtocolType: 'HTTP', DisableExecuteApiEndpoint: true });
  await world.create('AWS::ApiGatewayV2::Stage', { ApiId: ref, StageName: '$default', AutoDeploy: true });
  await world.create('AWS::ApiGatewayV2::Stage', { ApiId: apiId, StageName: 'beta', AutoDeploy: true });
  const events = recording('portal');
  await route('$default', 'portal');
  const url = (id: string) => world.endpoints.localise(`https://${id}.execute-api.us-east-1.amazonaws.com`);

  const closed = await fetch(`${url(ref)}/x`);
  await fetch(`${url(apiId)}/beta/x`);
  await fetch(`${url(apiId)}/x`);

  expect([closed.status, await closed.text()]).toEqual([404, '{"message":"Not Found"}']);
  expect(events.map(({ rawPath }) => rawPath)).toEqual(['/beta/x', '/x']);
});

test('requests are billed by 512 KB', async () => {
  recording('portal', () => ({ statusCode: 200, body: 'x'.repeat(513 * 1024) }));
  await route('$default', 'portal');

  await ask('/');

  expect(world.meter.snapshot().totals['http-requests']).toBe(2);
});
