// HTTP APIs, spoken to over HTTP as a client does.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AwsError } from '../services.ts';
import { type HttpFixture, PORTAL, startHttpApi } from './http-fixture.ts';

let portal: HttpFixture;
beforeEach(async () => {
  portal = await startHttpApi();
});
afterEach(() => portal.world.dispose());

describe('the event', () => {
  test('is that of payload format 2.0: path decoded, names in lower case, values joined, cookies apart', async () => {
    const events = portal.recording('portal');
    await portal.route('$default', 'portal');

    await portal.ask('/a%2Fb/c%20d?q=1&q=2&e=%C3%A4', {
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
        apiId: portal.apiId,
        domainName: PORTAL,
        domainPrefix: 'portal',
        http: { method: 'POST', path: '/a/b/c d', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'tester' },
        requestId: expect.stringMatching(/=$/),
        routeKey: '$default',
        stage: '$default',
        time: expect.stringMatching(/ \+0000$/),
        timeEpoch: portal.world.clock.now(),
      },
    });
    expect(Object.keys(events[0]!.headers ?? {})).not.toContain('cookie');
    expect(portal.world.invokedFor).toEqual([`arn:aws:execute-api:us-east-1:123456789012:${portal.apiId}/$default/$default`]);
  });

  test('loses what comes after a decoded question mark or number sign', async () => {
    const events = portal.recording('portal');
    await portal.route('$default', 'portal');

    await portal.ask('/a%3Fb');
    await portal.ask('/a%23b');

    expect(events.map(({ rawPath }) => rawPath)).toEqual(['/a', '/a']);
  });

  test('has a body in base64 when its type is no text', async () => {
    const events = portal.recording('portal');
    await portal.route('$default', 'portal');

    await portal.ask('/', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=b' });

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
      portal.recording(to);
      await portal.route(key, to);
    }

    expect((await portal.ask(path, { method })).body).toBe(name);
  });

  test('gives path parameters', async () => {
    const events = portal.recording('pets');
    await portal.route('ANY /pets/{kind}/{proxy+}', 'pets');

    await portal.ask('/pets/dog/a/b');

    expect(events[0]).toMatchObject({ routeKey: 'ANY /pets/{kind}/{proxy+}', pathParameters: { kind: 'dog', proxy: 'a/b' } });
  });

  test('answers 404 without a route, and for a method that it does not carry', async () => {
    portal.recording('pets');
    await portal.route('GET /pets', 'pets');

    expect(await portal.ask('/')).toMatchObject({ status: 404, body: '{"message":"Not Found"}' });
    expect(await portal.ask('/pets', { method: 'PROPFIND' })).toMatchObject({ status: 404 });
  });
});

describe('the response', () => {
  const respond = async (answer: () => unknown) => {
    portal.recording('portal', answer);
    await portal.route('$default', 'portal');
    return portal.ask('/');
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
      portal.recording('portal', () => {
        resolve();
        return new Promise(() => {});
      });
    });
    await portal.route('$default', 'portal');

    const answer = portal.ask('/');
    await reached;
    await portal.world.clock.advance(30_000);

    expect(await answer).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
  });

  test('is 431 for headers over 10,240 bytes', async () => {
    portal.recording('portal');
    await portal.route('$default', 'portal');

    expect((await portal.ask('/', { headers: { 'x-large': 'x'.repeat(10_240) } })).status).toBe(431);
  });
});

test('the address of the API itself can be disabled; other stages stand before the path', async () => {
  const { ref } = await portal.world.create('AWS::ApiGatewayV2::Api', {
    Name: 'Closed',
    ProtocolType: 'HTTP',
    DisableExecuteApiEndpoint: true,
  });
  await portal.world.create('AWS::ApiGatewayV2::Stage', { ApiId: ref, StageName: '$default', AutoDeploy: true });
  await portal.world.create('AWS::ApiGatewayV2::Stage', { ApiId: portal.apiId, StageName: 'beta', AutoDeploy: true });
  const events = portal.recording('portal');
  await portal.route('$default', 'portal');
  const url = (id: string) => portal.world.endpoints.localise(`https://${id}.execute-api.us-east-1.amazonaws.com`);

  const closed = await fetch(`${url(ref)}/x`);
  await fetch(`${url(portal.apiId)}/beta/x`);
  await fetch(`${url(portal.apiId)}/x`);

  expect([closed.status, await closed.text()]).toEqual([404, '{"message":"Not Found"}']);
  expect(events.map(({ rawPath }) => rawPath)).toEqual(['/beta/x', '/x']);
});

test('requests are billed by 512 KB', async () => {
  portal.recording('portal', () => ({ statusCode: 200, body: 'x'.repeat(513 * 1024) }));
  await portal.route('$default', 'portal');

  await portal.ask('/');

  expect(portal.world.meter.snapshot().totals['http-requests']).toBe(2);
});
