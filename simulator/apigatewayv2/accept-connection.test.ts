// Handshakes with a WebSocket API, by real clients.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { refused, startWebSocketApi, type WebSocketFixture } from './websocket-fixture.ts';

let tunnel: WebSocketFixture;
beforeEach(async () => {
  tunnel = await startWebSocketApi();
});
afterEach(() => tunnel.dispose());

describe('$connect', () => {
  test('keeps the handshake pending until it has answered, and its event is that of AWS', async () => {
    let release = (_: unknown) => {};
    const connects = tunnel.recording('connect', () => new Promise((resolve) => (release = resolve)));
    await tunnel.route('$connect');

    const client = tunnel.dial({ 'X-MiXed': 'a' }, [], '/live?q=1&q=2');
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
        apiId: tunnel.apiId,
        domainName: `${tunnel.apiId}.execute-api.us-east-1.amazonaws.com`,
        connectedAt: tunnel.world.clock.now(),
        identity: { sourceIp: '127.0.0.1' },
        connectionId: expect.stringMatching(/^[\w-]{15}=$/),
      },
    });
    const { requestId, extendedRequestId } = event!.requestContext as unknown as Record<string, string>;
    expect(requestId).toBe(extendedRequestId);
    expect(Object.keys(event!)).not.toContain('path');
    expect(tunnel.world.invokedFor).toEqual([`arn:aws:execute-api:us-east-1:123456789012:${tunnel.apiId}/live/$connect`]);
  });

  test.each([
    ['the status that it answers', () => ({ statusCode: 400 }), 400, 'Forbidden'],
    ['502 when it fails', () => Promise.reject(new Error('boom')), 502, 'Internal server error'],
    ['502 when it answers no status', () => ({}), 502, 'Internal server error'],
  ])('refuses with %s', async (_, answer, status, message) => {
    tunnel.recording('connect', answer);
    await tunnel.route('$connect');

    const refusal = await refused(tunnel.dial());

    expect(refusal).toMatchObject({ status, body: { message, connectionId: expect.any(String), requestId: expect.any(String) } });
    expect(Date.parse(refusal.date ?? '')).toBe(Math.floor(tunnel.world.clock.now() / 1000) * 1000);
  });

  test('is 504 when it is late', async () => {
    const { until } = tunnel.recording('connect', () => new Promise(() => {}));
    await tunnel.route('$connect');

    const refusal = refused(tunnel.dial());
    await until(1);
    await tunnel.world.clock.advance(29_000);

    expect(await refusal).toMatchObject({ status: 504, body: { message: 'Endpoint request timed out' } });
  });

  test('is 500 when API Gateway may not invoke the function', async () => {
    tunnel.recording('connect');
    await tunnel.route('$connect');
    tunnel.world.forbidden.add(`arn:aws:execute-api:us-east-1:123456789012:${tunnel.apiId}/live/$connect`);

    expect(await refused(tunnel.dial())).toMatchObject({ status: 500 });
    expect(tunnel.world.logged.join()).toContain('an AWS::Lambda::Permission is missing');
  });

  test('chooses a subprotocol only when the integration returns it', async () => {
    tunnel.recording('connect', (event) => {
      const { echo } = (event as { queryStringParameters?: { echo?: string } }).queryStringParameters ?? {};
      return { statusCode: 200, headers: echo ? { 'sec-websocket-protocol': echo } : {} };
    });
    await tunnel.route('$connect');

    const chosen = await tunnel.connected({}, ['a.v2', 'a.v1'], '/live?echo=a.v1');
    const [error] = await once(tunnel.dial({}, ['a.v1']), 'error');

    expect(chosen.protocol).toBe('a.v1');
    expect(String(error)).toMatch(/no subprotocol/);
  });

  test('is not needed', async () => {
    const client = await tunnel.connected();

    expect(client.readyState).toBe(WebSocket.OPEN);
    expect(client.extensions).toBe('');
  });

  test.each([
    ['another stage', '/dead', 403],
    ['a path below the stage', '/live/x', 403],
    ['a name that every object has', '/constructor', 403],
    ['a URL of more than 4,096 characters', `/live?${'x'.repeat(4096)}`, 414],
  ])('is not reached by %s', async (_, path, status) => {
    const { events } = tunnel.recording('connect');
    await tunnel.route('$connect');

    expect(await refused(tunnel.dial({}, [], path))).toMatchObject({ status });
    expect(events).toEqual([]);
  });

  test('is not run for what is no handshake', async () => {
    const { events } = tunnel.recording('connect');
    await tunnel.route('$connect');
    const { port } = new URL(tunnel.url());
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n\r\n');

    let answer = '';
    for await (const chunk of socket) answer += chunk;

    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(events).toEqual([]);
  });
});

test('a custom domain name reaches it, without the stage', async () => {
  tunnel.recording('connect');
  await tunnel.route('$connect');
  const DomainName = 'tunnel.example.com';
  await tunnel.world.create('AWS::ApiGatewayV2::DomainName', {
    DomainName,
    DomainNameConfigurations: [{ CertificateArn: 'arn:aws:acm:…' }],
  });
  await tunnel.world.create('AWS::ApiGatewayV2::ApiMapping', { ApiId: tunnel.apiId, DomainName, Stage: 'live' });
  const client = new WebSocket(`ws://127.0.0.1:${tunnel.world.publicServer.port}/`, { headers: { host: DomainName } });

  await once(client, 'open');

  expect(tunnel.sockets()).toHaveLength(1);
  expect(tunnel.world.endpoints.localise('wss://tunnel.example.com/x')).toBe(`ws://tunnel.example.com:${tunnel.world.publicServer.port}/x`);
});
