// The event that a function of a REST API gets for a client’s request.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type RestFixture, startRest } from './rest-fixture.ts';

let rest: RestFixture;
beforeEach(async () => {
  rest = await startRest();
});
afterEach(() => rest.world.dispose());

describe('the event', () => {
  test('keeps the escapes of the path, the case of header names and every value', async () => {
    const RestApiId = await rest.streaming();
    const events = rest.answering({ statusCode: 200 });

    await rest.ask('/a%2Fb/%3F/c%20d?q=1&q=2&e=%C3%A4+b&flag', {
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
      pathParameters: { proxy: 'a%2Fb/%3F/c%20d' },
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
    expect(rest.world.invokedFor).toEqual([`arn:aws:execute-api:us-east-1:123456789012:${RestApiId}/prod/PUT/*`]);
  });

  test('has no body, query or path parameters for a bare request of the root', async () => {
    await rest.streaming();
    const events = rest.answering({ statusCode: 200 });

    await rest.ask('/');

    const nothing = { queryStringParameters: null, multiValueQueryStringParameters: null, pathParameters: null, body: null };
    expect(events[0]).toMatchObject({ resource: '/', path: '/', isBase64Encoded: false, ...nothing });
  });

  test('holds the path without the stage when the API itself is called', async () => {
    const RestApiId = await rest.streaming();
    const events = rest.answering({ statusCode: 200 });
    const url = rest.world.endpoints.localise(`https://${RestApiId}.execute-api.us-east-1.amazonaws.com/prod/x`);

    await fetch(url);

    expect(events[0]).toMatchObject({ path: '/x', requestContext: { path: '/prod/x', stage: 'prod' } });
  });

  test('has one slash at the beginning of its path, and in its context as many as came', async () => {
    await rest.streaming();
    const events = rest.answering({ statusCode: 200 });

    await rest.ask('///x//y');

    expect(events[0]).toMatchObject({ path: '/x//y', pathParameters: { proxy: 'x//y' }, requestContext: { path: '///x//y' } });
  });

  test('does not show what concerns the connection or the length of the body', async () => {
    await rest.streaming();
    const events = rest.answering({ statusCode: 200 });

    await rest.ask('/', {
      method: 'POST',
      headers: {
        Connection: 'X-B',
        TE: 'trailers',
        'Content-MD5': 'x',
        'Max-Forwards': '1',
        'Content-Encoding': 'gzip',
        'X-B': '1',
        'X-A': '2',
      },
      body: 'x',
    });

    const names = Object.keys(events[0]!.multiValueHeaders as unknown as object);
    expect(names).toEqual([...names].sort());
    expect(names.filter((name) => !/^x-(amzn|forwarded)/i.test(name))).toEqual(['Content-Encoding', 'Host', 'X-A', 'X-B']);
  });

  test('does not show an Authorization that AWS itself reads', async () => {
    await rest.streaming();
    const events = rest.answering({ statusCode: 200 });

    await rest.ask('/', { headers: { Authorization: 'AWS4-HMAC-SHA256 Credential=x' } });
    await rest.ask('/', { headers: { Authorization: 'Bearer x' } });

    expect(events.map(({ headers }) => (headers as unknown as Record<string, string>).Authorization)).toEqual([undefined, 'Bearer x']);
  });
});
