// WebSocket APIs, spoken to by real WebSocket clients.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { type FixtureOptions, functionUri, type GatewayFixture, startGateway } from '../apigateway/fixture.ts';

const KB = 1024;

let world: GatewayFixture;
let apiId: string;
let clients: WebSocket[];

const restart = async (options: FixtureOptions) => {
  await world.dispose();
  await begin(options);
};

const begin = async (options: FixtureOptions = {}) => {
  world = await startGateway(options);
  clients = [];
  const api = await world.create('AWS::ApiGatewayV2::Api', {
    Name: 'Tunnel',
    ProtocolType: 'WEBSOCKET',
    RouteSelectionExpression: '$request.body.type',
  });
  apiId = api.ref;
  await world.create('AWS::ApiGatewayV2::Stage', { ApiId: apiId, StageName: 'live', AutoDeploy: true });
};

beforeEach(() => begin());
afterEach(async () => {
  for (const client of clients) client.terminate();
  await world.dispose();
});

const route = async (key: string, properties: Record<string, unknown> = {}, response = false) => {
  const integration = await world.create('AWS::ApiGatewayV2::Integration', {
    ApiId: apiId,
    IntegrationType: 'AWS_PROXY',
    IntegrationUri: functionUri(key.replace('$', '')),
  });
  return routeTo(key, integration.ref, properties, response);
};

const routeTo = async (key: string, integrationId: string, properties: Record<string, unknown> = {}, response = false) => {
  const { ref } = await world.create('AWS::ApiGatewayV2::Route', {
    ApiId: apiId,
    RouteKey: key,
    Target: `integrations/${integrationId}`,
    ...properties,
  });
  if (response) await world.create('AWS::ApiGatewayV2::RouteResponse', { ApiId: apiId, RouteId: ref, RouteResponseKey: '$default' });
};

const authorizer = async (): Promise<string> => {
  const { ref } = await world.create('AWS::ApiGatewayV2::Authorizer', {
    ApiId: apiId,
    Name: 'A',
    AuthorizerType: 'REQUEST',
    AuthorizerUri: functionUri('authorizer'),
    IdentitySource: ['route.request.header.Authorization'],
  });
  return ref;
};

const url = (path = '/live') => world.endpoints.localise(`wss://${apiId}.execute-api.us-east-1.amazonaws.com`) + path;

const dial = (headers: Record<string, string> = {}, protocols: string[] = [], path = '/live'): WebSocket => {
  const client = new WebSocket(url(path), protocols, { headers, perMessageDeflate: true });
  client.on('error', () => {});
  clients.push(client);
  return client;
};

const connected = async (...args: Parameters<typeof dial>): Promise<WebSocket> => {
  const client = dial(...args);
  await once(client, 'open');
  return client;
};

/** The status and body of a refused handshake. */
const refused = async (client: WebSocket): Promise<{ status?: number; body: Record<string, unknown>; date?: string }> => {
  const [, response] = await once(client, 'unexpected-response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()), date: response.headers.date };
};

const nextMessage = async (client: WebSocket): Promise<Record<string, unknown>> => {
  const [data] = await once(client, 'message');
  return JSON.parse(String(data));
};

/** Remembers each event that a function got, and lets a test wait for the next. */
const recording = (name: string, answer: (event: Record<string, never>) => unknown = () => ({ statusCode: 200 })) => {
  const events: Array<Record<string, never>> = [];
  let arrived: () => void = () => {};
  world.functions[name] = (event) => {
    events.push(event);
    arrived();
    return answer(event);
  };
  const until = async (count: number): Promise<Array<Record<string, never>>> => {
    while (events.length < count) await new Promise<void>((resolve) => (arrived = resolve));
    return events;
  };
  return { events, until };
};

describe('$connect', () => {
  test('keeps the handshake pending until it has answered, and its event is that of AWS', async () => {
    let release = (_: unknown) => {};
    const connects = recording('connect', () => new Promise((resolve) => (release = resolve)));
    await route('$connect');

    const client = dial({ 'X-MiXed': 'a' }, [], '/live?q=1&q=2');
    const [event] = await connects.until(1);
    const pending = client.readyState;
    release({ statusCode: 200 });
    await once(client, 'open');

    expect(pending).toBe(WebSocket.CONNECTING);
    expect(event).toMatchObject({
      headers: { 'X-MiXed': 'a', 'X-Forwarded-For': '127.0.0.1', 'Sec-WebSocket-Version': '13' },
      multiValueHeaders: { 'X-MiXed': ['a'] },
      queryStringParameters: { q: '2' },
      multiValueQueryStringParameters: { q: ['1', '2'] },
      isBase64Encoded: false,
      requestContext: {
        routeKey: '$connect',
        eventType: 'CONNECT',
        messageDirection: 'IN',
        stage: 'live',
        apiId,
        domainName: `${apiId}.execute-api.us-east-1.amazonaws.com`,
        connectedAt: world.clock.now(),
        identity: { sourceIp: '127.0.0.1' },
        connectionId: expect.stringMatching(/^[\w-]{15}=$/),
      },
    });
    const { requestId, extendedRequestId } = event!.requestContext as unknown as Record<string, string>;
    expect(requestId).toBe(extendedRequestId);
    expect(Object.keys(event!)).not.toContain('path');
    expect(world.invokedFor).toEqual([`arn:aws:execute-api:us-east-1:123456789012:${apiId}/live/$connect`]);
  });

  test.each([
    ['the status that it answers', () => ({ statusCode: 400 }), 400, 'Forbidden'],
    ['502 when it fails', () => Promise.reject(new Error('boom')), 502, 'Internal server error'],
    ['502 when it answers no status', () => ({}), 502, 'Internal server error'],
  ])('refuses with %s', async (_, answer, status, message) => {
    recording('connect', answer);
    await route('$connect');

    const refusal = await refused(dial());

    expect(refusal).toMatchObject({ status, body: { message, connectionId: expect.any(String), requestId: expect.any(String) } });
    expect(Date.parse(refusal.date ?? '')).toBe(Math.floor(world.clock.now() / 1000) * 1000);
  });

  test('is 504 when it is late', async () => {
    const { until } = recording('connect', () => new Promise(() => {}));
    await route('$connect');

    const refusal = refused(dial());
    await until(1);
    await world.clock.advance(29_000);

    expect(await refusal).toMatchObject({ status: 504, body: { message: 'Endpoint request timed out' } });
  });

  test('is 500 when API Gateway may not invoke the function', async () => {
    recording('connect');
    await route('$connect');
    world.forbidden.add(`arn:aws:execute-api:us-east-1:123456789012:${apiId}/live/$connect`);

    expect(await refused(dial())).toMatchObject({ status: 500 });
    expect(world.logged.join()).toContain('an AWS::Lambda::Permission is missing');
  });

  test('chooses a subprotocol only when the integration returns it', async () => {
    recording('connect', (event) => {
      const { echo } = (event as { queryStringParameters?: { echo?: string } }).queryStringParameters ?? {};
      return { statusCode: 200, headers: echo ? { 'sec-websocket-protocol': echo } : {} };
    });
    await route('$connect');

    const chosen = await connected({}, ['a.v2', 'a.v1'], '/live?echo=a.v1');
    const [error] = await once(dial({}, ['a.v1']), 'error');

    expect(chosen.protocol).toBe('a.v1');
    expect(String(error)).toMatch(/no subprotocol/);
  });

  test('is not needed', async () => {
    const client = await connected();

    expect(client.readyState).toBe(WebSocket.OPEN);
    expect(client.extensions).toBe('');
  });

  test.each([
    ['another stage', '/dead', 403],
    ['a path below the stage', '/live/x', 403],
    ['a name that every object has', '/constructor', 403],
    ['a URL of more than 4,096 characters', `/live?${'x'.repeat(4096)}`, 414],
  ])('is not reached by %s', async (_, path, status) => {
    const { events } = recording('connect');
    await route('$connect');

    expect(await refused(dial({}, [], path))).toMatchObject({ status });
    expect(events).toEqual([]);
  });

  test('is not run for what is no handshake', async () => {
    const { events } = recording('connect');
    await route('$connect');
    const { port } = new URL(url());
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n\r\n');

    let answer = '';
    for await (const chunk of socket) answer += chunk;

    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(events).toEqual([]);
  });
});

describe('an authorizer', () => {
  const policy = (Effect: string, Resource = '*') => ({
    principalId: 'me',
    policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }] },
    context: { connector: 'c1', number: 7, yes: true },
  });

  const guarded = async (answer: (event: Record<string, never>) => unknown) => {
    const asked = recording('authorizer', answer);
    const events = recording('connect');
    await route('$connect', { AuthorizationType: 'CUSTOM', AuthorizerId: await authorizer() });
    return { asked, events };
  };

  test('lets in whom its policy allows, and its context arrives as text in every event', async () => {
    const { asked, events } = await guarded((event) => policy('Allow', event.methodArn));
    const messages = recording('hello');
    await route('hello');

    const client = await connected({ Authorization: 'Bearer x' });
    client.send('{"type":"hello"}');
    await messages.until(1);

    const arn = `arn:aws:execute-api:us-east-1:123456789012:${apiId}/live/$connect`;
    expect(asked.events[0]).toMatchObject({ type: 'REQUEST', methodArn: arn, headers: { Authorization: 'Bearer x' }, stageVariables: {} });
    const expected = { requestContext: { authorizer: { principalId: 'me', connector: 'c1', number: '7', yes: 'true' } } };
    expect(events.events[0]).toMatchObject(expected);
    expect(messages.events[0]).toMatchObject(expected);
    expect(world.invokedFor[0]).toMatch(/\/authorizers\/[a-z0-9]{10}$/);
  });

  test.each([
    ['403 when the policy denies', () => policy('Deny'), 403, 'Forbidden'],
    [
      '403 when the policy is about something else',
      () => policy('Allow', 'arn:aws:execute-api:us-east-1:123456789012:other/*'),
      403,
      'Forbidden',
    ],
    ['401 when it throws Unauthorized', () => Promise.reject(new Error('Unauthorized')), 401, 'Unauthorized'],
    ['500 when it throws anything else', () => Promise.reject(new Error('boom')), 500, 'Internal server error'],
    ['500 when it answers no policy', () => ({ isAuthorized: true }), 500, 'Internal server error'],
    ['500 when its context is not flat', () => ({ ...policy('Allow'), context: { a: {} } }), 500, 'Internal server error'],
  ])('refuses with %s', async (_, answer, status, message) => {
    const { events } = await guarded(answer);

    expect(await refused(dial({ Authorization: 'x' }))).toMatchObject({ status, body: { message } });
    expect(events.events).toEqual([]);
  });

  test('is not asked when the identity source is missing: 401', async () => {
    const { asked } = await guarded(() => policy('Allow'));

    expect(await refused(dial())).toMatchObject({ status: 401, body: { message: 'Unauthorized' } });
    expect(asked.events).toEqual([]);
  });

  test('is asked again for each connection', async () => {
    const { asked } = await guarded(() => policy('Allow'));

    await connected({ Authorization: 'x' });
    await connected({ Authorization: 'x' });

    expect(asked.events).toHaveLength(2);
  });
});

describe('AWS_IAM on $connect', () => {
  const authorization = 'AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/execute-api/aws4_request';

  test('lets in who has signed and may invoke, and no one else', async () => {
    recording('connect');
    await route('$connect', { AuthorizationType: 'AWS_IAM' });

    const client = await connected({ authorization });
    const unsigned = await refused(dial());
    world.forbidden.add(`arn:aws:execute-api:us-east-1:123456789012:${apiId}/live/$connect`);
    const denied = await refused(dial({ authorization }));

    expect(client.readyState).toBe(WebSocket.OPEN);
    expect([unsigned.status, denied.status]).toEqual([403, 403]);
  });
});

describe('a message', () => {
  test('goes to the route that it selects, with an event that has no headers', async () => {
    const hello = recording('hello');
    await route('hello');
    const client = await connected();

    client.send('{"type":"hello","ä":1}');
    await hello.until(1);

    expect(hello.events[0]).toEqual({
      body: '{"type":"hello","ä":1}',
      isBase64Encoded: false,
      requestContext: expect.objectContaining({
        routeKey: 'hello',
        eventType: 'MESSAGE',
        messageId: expect.stringMatching(/=$/),
        stage: 'live',
      }),
    });
  });

  test.each([
    ['an unknown key', '{"type":"other"}'],
    ['no key', '{}'],
    ['no JSON', 'hello'],
    ['a key that cannot be asked for', '{"type":"$connect"}'],
  ])('with %s takes $default', async (_, message) => {
    const other = recording('default');
    await route('$default');
    const client = await connected();

    client.send(message);
    const [event] = await other.until(1);

    expect(event).toMatchObject({ body: message, requestContext: { routeKey: '$default' } });
  });

  test('without a route is answered Forbidden, and the connection stays', async () => {
    const client = await connected();

    client.send('{"type":"other"}');

    expect(await nextMessage(client)).toEqual({ message: 'Forbidden', connectionId: expect.any(String), requestId: expect.any(String) });
    expect(client.readyState).toBe(WebSocket.OPEN);
  });

  test('is answered only on a route with a route response', async () => {
    recording('silent', () => ({ statusCode: 200, body: 'lost' }));
    recording('spoken', () => ({ statusCode: 200, body: '{"heard":true}' }));
    await route('silent');
    await route('spoken', { RouteResponseSelectionExpression: '$default' }, true);
    const client = await connected();

    client.send('{"type":"silent"}');
    client.send('{"type":"spoken"}');

    expect(await nextMessage(client)).toEqual({ heard: true });
  });

  test('whose function fails is answered Internal server error', async () => {
    recording('hello', () => Promise.reject(new Error('boom')));
    await route('hello');
    const client = await connected();

    client.send('{"type":"hello"}');

    expect(await nextMessage(client)).toMatchObject({ message: 'Internal server error' });
  });

  test('whose function is late is answered Endpoint request timed out', async () => {
    const { until } = recording('hello', () => new Promise(() => {}));
    await route('hello');
    const client = await connected();

    client.send('{"type":"hello"}');
    await until(1);
    await world.clock.advance(29_000);

    expect(await nextMessage(client)).toMatchObject({ message: 'Endpoint request timed out' });
  });

  test('does not wait for the one before it', async () => {
    let release = (_: unknown) => {};
    const hello = recording('hello', (event) =>
      /first/.test(event.body ?? '') ? new Promise((resolve) => (release = resolve)) : { statusCode: 200 },
    );
    await route('hello');
    const client = await connected();

    client.send('{"type":"hello","n":"first"}');
    client.send('{"type":"hello","n":"second"}');

    expect(await hello.until(2)).toHaveLength(2);
    release({ statusCode: 200 });
  });

  test('is billed by 32 KB in each direction', async () => {
    recording('hello', () => ({ statusCode: 200, body: 'x'.repeat(33 * KB) }));
    await route('hello', { RouteResponseSelectionExpression: '$default' }, true);
    const client = await connected();

    client.send('{"type":"hello"}');
    await once(client, 'message');

    const labels = { api: 'Tunnel', route: 'hello' };
    expect(world.meter.snapshot().lines.filter(({ unit }) => unit === 'websocket-messages')).toEqual([
      { unit: 'websocket-messages', amount: 1, labels: { ...labels, direction: 'in' } },
      { unit: 'websocket-messages', amount: 2, labels: { ...labels, direction: 'out' } },
    ]);
  });
});

describe('a MOCK integration', () => {
  const mock = async (template: string, selection?: string) => {
    const { ref } = await world.create('AWS::ApiGatewayV2::Integration', {
      ApiId: apiId,
      IntegrationType: 'MOCK',
      IntegrationUri: '',
      RequestTemplates: { '200': '{"statusCode":200}' },
      TemplateSelectionExpression: '200',
    });
    await world.create('AWS::ApiGatewayV2::IntegrationResponse', {
      ApiId: apiId,
      IntegrationId: ref,
      IntegrationResponseKey: '$default',
      ResponseTemplates: { [selection ?? '$default']: template },
      ...(selection && { TemplateSelectionExpression: selection }),
    });
    return ref;
  };

  test('answers what its template says of the connection, without a function', async () => {
    const integration = await mock('{"type":"you-are","connectionId":"$context.connectionId","id":"$context.requestId"}', 'you');
    await routeTo('whoami', integration, { RouteResponseSelectionExpression: '$default' }, true);
    const client = await connected();

    client.send('{"type":"whoami"}');

    const { connectionId } = sockets()[0]!;
    expect(await nextMessage(client)).toEqual({ type: 'you-are', connectionId, id: expect.stringMatching(/=$/) });
    expect(world.invokedFor).toEqual([]);
  });

  test('lets $connect pass', async () => {
    await routeTo('$connect', await mock('{}'));

    expect((await connected()).readyState).toBe(WebSocket.OPEN);
  });

  test.each([
    ['a function of VTL', '$input.path("$.x")'],
    ['another variable', '$context.identity.sourceIp'],
    ['a directive', '#set($x = 1)'],
  ])('is refused at deployment when a template has %s', async (_, template) => {
    await expect(mock(template)).rejects.toThrow(/Invalid mapping template/);
  });

  test('is refused when no request template is selected: the message would be taken for the status', async () => {
    const properties = { ApiId: apiId, IntegrationType: 'MOCK', RequestTemplates: { 'application/json': '{"statusCode":200}' } };

    await expect(world.create('AWS::ApiGatewayV2::Integration', properties)).rejects.toThrow(/needs a request template \$default/);
  });
});

const sockets = () =>
  (world.control('GET', '/sockets', '') as { sockets: Array<{ connectionId: string; api: string; blackholed: boolean }> }).sockets;

describe('the limits', () => {
  test('binary closes with 1003', async () => {
    const { events } = recording('default');
    await route('$default');
    const client = await connected();

    client.send(Buffer.from('{}'));

    expect((await once(client, 'close'))[0]).toBe(1003);
    expect(events).toEqual([]);
  });

  test('a frame over 32 KB closes with 1009 and reaches no route', async () => {
    const { events } = recording('default');
    await route('$default');
    const client = await connected();

    client.send('x'.repeat(32 * KB + 1));
    const [code, reason] = await once(client, 'close');

    expect([code, String(reason)]).toEqual([1009, 'Max frame length of 32768 has been exceeded.']);
    expect(events).toEqual([]);
  });

  test('a message of 128 KB in frames of 32 KB passes, one byte more closes with 1009', async () => {
    const { until } = recording('default');
    await route('$default');
    const client = await connected();

    const send = (fragment: string, fin: boolean) => client.send(fragment, { fin });
    for (let part = 1; part <= 4; part += 1) send('x'.repeat(32 * KB), part === 4);
    const [event] = await until(1);
    for (let part = 1; part <= 4; part += 1) send('x'.repeat(32 * KB), false);
    send('x', true);
    const [code] = await once(client, 'close');

    expect(event!.body).toHaveLength(128 * KB);
    expect(code).toBe(1009);
  });

  test('ten minutes of idleness close with 1001; pings are answered and change nothing', async () => {
    const gone = recording('disconnect');
    await route('$disconnect');
    const client = await connected();

    await world.clock.advance(599_000);
    client.ping();
    await once(client, 'pong');
    const closed = once(client, 'close');
    await world.clock.advance(1_000);
    const [code, reason] = await closed;
    const [event] = await gone.until(1);

    expect([code, String(reason)]).toEqual([1001, 'Going away']);
    expect(event).toMatchObject({
      headers: { Host: `${apiId}.execute-api.us-east-1.amazonaws.com`, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' },
      requestContext: { routeKey: '$disconnect', eventType: 'DISCONNECT', disconnectStatusCode: 1001, disconnectReason: 'Going away' },
    });
    expect(world.meter.snapshot().totals['websocket-connection-minutes']).toBe(10);
  });

  test('a message ends idleness, and two hours end every connection', async () => {
    const { until } = recording('default');
    await route('$default');
    const client = await connected();
    const closed = once(client, 'close');
    const start = world.clock.now();

    for (let beat = 1; beat <= 13; beat += 1) {
      await world.clock.advance(9 * 60_000);
      client.send('beat');
      await until(beat);
    }
    const alive = world.clock.now() - start;
    const open = client.readyState;
    await world.clock.advance(2 * 60 * 60_000 - alive);

    expect(open).toBe(WebSocket.OPEN);
    expect((await closed)[0]).toBe(1001);
  });

  test('pings stay unanswered when the simulator is told so', async () => {
    await restart({ v2: { answerPings: 0 } });
    recording('default', () => ({ statusCode: 200, body: 'after' }));
    await route('$default', { RouteResponseSelectionExpression: '$default' }, true);
    const client = await connected();
    let pongs = 0;
    client.on('pong', () => (pongs += 1));

    client.ping();
    client.send('x');
    await once(client, 'message');

    expect(pongs).toBe(0);
  });
});

describe('$disconnect', () => {
  test('hears the code that the client gave', async () => {
    const gone = recording('disconnect');
    await route('$disconnect');
    const client = await connected();

    client.close(4001, 'enough');
    const [event] = await gone.until(1);

    expect(event).toMatchObject({ requestContext: { disconnectStatusCode: 4001, disconnectReason: 'enough' } });
    expect(sockets()).toEqual([]);
  });

  test('is lost like any message', async () => {
    const gone = recording('disconnect');
    await route('$disconnect');
    await connected();

    world.faults.set({ drop: 1 });
    await world.clock.advance(600_000);

    expect(sockets()).toEqual([]);
    expect(gone.events).toEqual([]);
  });
});

describe('faults', () => {
  const numbers = async (send: readonly number[], faults: Record<string, number>): Promise<number[]> => {
    const hello = recording('default');
    await route('$default');
    const client = await connected();
    world.faults.set(faults);

    for (const number of send) client.send(String(number));
    // The pong comes after all that was sent before the ping has been read.
    client.ping();
    await once(client, 'pong');
    await world.clock.advance(1_000);
    return hello.events.map(({ body }) => Number(body));
  };

  test('reorder: two messages are swapped', async () => {
    expect(await numbers([1, 2], { reorder: 1 })).toEqual([2, 1]);
  });

  test('reorder: a message that no other overtakes still arrives', async () => {
    expect(await numbers([1, 2, 3], { reorder: 1 })).toEqual([2, 1, 3]);
  });

  test('drop: messages are lost', async () => {
    expect(await numbers([1, 2], { drop: 1 })).toEqual([]);
  });

  test('duplicate: messages come twice', async () => {
    expect(await numbers([1], { duplicate: 1 })).toEqual([1, 1]);
  });

  test('delay: messages come late', async () => {
    const hello = recording('default');
    await route('$default');
    const client = await connected();
    world.faults.set({ delay: 500 });

    client.send('x');
    client.ping();
    await once(client, 'pong');
    const arrived: number[] = [];
    for (const ms of [249, 1]) {
      await world.clock.advance(ms);
      arrived.push(hello.events.length);
    }

    expect(arrived).toEqual([0, 1]);
  });
});

describe('control', () => {
  test('kill resets the TCP link', async () => {
    const gone = recording('disconnect');
    await route('$disconnect');
    const client = await connected();
    const closed = once(client, 'close');

    const answer = world.control('POST', '/sockets/:name/kill', sockets()[0]!.connectionId);
    const [code] = await closed;
    const [event] = await gone.until(1);

    expect(answer).toEqual({ connections: [expect.any(String)] });
    expect(code).toBe(1006);
    expect(event).toMatchObject({ requestContext: { disconnectStatusCode: 1006 } });
  });

  test('blackhole: nothing comes in or goes out, nobody is told, and the idle connection is forgotten in silence', async () => {
    const hello = recording('default', () => ({ statusCode: 200, body: 'x' }));
    const gone = recording('disconnect');
    await route('$default', { RouteResponseSelectionExpression: '$default' }, true);
    await route('$disconnect');
    const [client, other] = [await connected(), await connected()];
    const heard: string[] = [];
    for (const event of ['message', 'pong', 'close']) client.on(event, () => heard.push(event));

    world.control('POST', '/sockets/:name/blackhole', sockets()[0]!.connectionId);
    client.send('lost');
    client.ping();
    // By the time that the other connection has been served, this one would have been.
    other.send('kept');
    await once(other, 'message');
    const blackholed = sockets().map((socket) => socket.blackholed);
    await world.clock.advance(601_000);
    await gone.until(2);

    expect(blackholed).toEqual([true, false]);
    expect(hello.events.map(({ body }) => body)).toEqual(['kept']);
    expect(heard).toEqual([]);
    expect(client.readyState).toBe(WebSocket.OPEN);
    expect(sockets()).toEqual([]);
  });

  test('takes all connections of an API by its name, and refuses a name that is none', async () => {
    const [first, second] = [await connected(), await connected()];
    const closed = Promise.all([once(first, 'close'), once(second, 'close')]);

    const answer = world.control('POST', '/sockets/:name/kill', 'Tunnel') as { connections: string[] };
    await closed;

    expect(answer.connections).toHaveLength(2);
    expect(() => world.control('POST', '/sockets/:name/kill', 'nothing')).toThrow(/neither a connection nor a WebSocket API/);
  });
});

test('a custom domain name reaches it, without the stage', async () => {
  recording('connect');
  await route('$connect');
  const DomainName = 'tunnel.example.com';
  await world.create('AWS::ApiGatewayV2::DomainName', { DomainName, DomainNameConfigurations: [{ CertificateArn: 'arn:aws:acm:…' }] });
  await world.create('AWS::ApiGatewayV2::ApiMapping', { ApiId: apiId, DomainName, Stage: 'live' });
  const client = new WebSocket(`ws://127.0.0.1:${world.publicServer.port}/`, { headers: { host: DomainName } });
  clients.push(client);

  await once(client, 'open');

  expect(sockets()).toHaveLength(1);
  expect(world.endpoints.localise('wss://tunnel.example.com/x')).toBe(`ws://tunnel.example.com:${world.publicServer.port}/x`);
});
