// Messages through the routes of a WebSocket API, by real clients.
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { nextMessage, startWebSocketApi, type WebSocketFixture } from './websocket-fixture.ts';

const KB = 1024;

let tunnel: WebSocketFixture;
beforeEach(async () => {
  tunnel = await startWebSocketApi();
});
afterEach(() => tunnel.dispose());

describe('a message', () => {
  test('goes to the route that it selects, with an event that has no headers', async () => {
    const hello = tunnel.recording('hello');
    await tunnel.route('hello');
    const client = await tunnel.connected();

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
    const other = tunnel.recording('default');
    await tunnel.route('$default');
    const client = await tunnel.connected();

    client.send(message);
    const [event] = await other.until(1);

    expect(event).toMatchObject({ body: message, requestContext: { routeKey: '$default' } });
  });

  test('without a route is answered Forbidden, and the connection stays', async () => {
    const client = await tunnel.connected();

    client.send('{"type":"other"}');

    expect(await nextMessage(client)).toEqual({ message: 'Forbidden', connectionId: expect.any(String), requestId: expect.any(String) });
    expect(client.readyState).toBe(WebSocket.OPEN);
  });

  test('is answered only on a route with a route response', async () => {
    tunnel.recording('silent', () => ({ statusCode: 200, body: 'lost' }));
    tunnel.recording('spoken', () => ({ statusCode: 200, body: '{"heard":true}' }));
    await tunnel.route('silent');
    await tunnel.route('spoken', { RouteResponseSelectionExpression: '$default' }, true);
    const client = await tunnel.connected();

    client.send('{"type":"silent"}');
    client.send('{"type":"spoken"}');

    expect(await nextMessage(client)).toEqual({ heard: true });
  });

  test('whose function fails is answered Internal server error', async () => {
    tunnel.recording('hello', () => Promise.reject(new Error('boom')));
    await tunnel.route('hello');
    const client = await tunnel.connected();

    client.send('{"type":"hello"}');

    expect(await nextMessage(client)).toMatchObject({ message: 'Internal server error' });
  });

  test('whose function is late is answered Endpoint request timed out', async () => {
    const { until } = tunnel.recording('hello', () => new Promise(() => {}));
    await tunnel.route('hello');
    const client = await tunnel.connected();

    client.send('{"type":"hello"}');
    await until(1);
    await tunnel.world.clock.advance(29_000);

    expect(await nextMessage(client)).toMatchObject({ message: 'Endpoint request timed out' });
  });

  test('does not wait for the one before it', async () => {
    let release = (_: unknown) => {};
    const hello = tunnel.recording('hello', (event) =>
      /first/.test(event.body ?? '') ? new Promise((resolve) => (release = resolve)) : { statusCode: 200 },
    );
    await tunnel.route('hello');
    const client = await tunnel.connected();

    client.send('{"type":"hello","n":"first"}');
    client.send('{"type":"hello","n":"second"}');

    expect(await hello.until(2)).toHaveLength(2);
    release({ statusCode: 200 });
  });

  test('is billed by 32 KB in each direction', async () => {
    tunnel.recording('hello', () => ({ statusCode: 200, body: 'x'.repeat(33 * KB) }));
    await tunnel.route('hello', { RouteResponseSelectionExpression: '$default' }, true);
    const client = await tunnel.connected();

    client.send('{"type":"hello"}');
    await once(client, 'message');

    const labels = { api: 'Tunnel', route: 'hello' };
    expect(tunnel.world.meter.snapshot().lines.filter(({ unit }) => unit === 'websocket-messages')).toEqual([
      { unit: 'websocket-messages', amount: 1, labels: { ...labels, direction: 'in' } },
      { unit: 'websocket-messages', amount: 2, labels: { ...labels, direction: 'out' } },
    ]);
  });
});

describe('$disconnect', () => {
  test('hears the code that the client gave', async () => {
    const gone = tunnel.recording('disconnect');
    await tunnel.route('$disconnect');
    const client = await tunnel.connected();

    client.close(4001, 'enough');
    const [event] = await gone.until(1);

    expect(event).toMatchObject({ requestContext: { disconnectStatusCode: 4001, disconnectReason: 'enough' } });
    expect(tunnel.sockets()).toEqual([]);
  });

  test('is lost like any message', async () => {
    const gone = tunnel.recording('disconnect');
    await tunnel.route('$disconnect');
    await tunnel.connected();

    tunnel.world.faults.set({ drop: 1 });
    await tunnel.world.clock.advance(600_000);

    expect(tunnel.sockets()).toEqual([]);
    expect(gone.events).toEqual([]);
  });
});

describe('faults', () => {
  const numbers = async (send: readonly number[], faults: Record<string, number>): Promise<number[]> => {
    const hello = tunnel.recording('default');
    await tunnel.route('$default');
    const client = await tunnel.connected();
    tunnel.world.faults.set(faults);

    for (const number of send) client.send(String(number));
    // The pong comes after all that was sent before the ping has been read.
    client.ping();
    await once(client, 'pong');
    await tunnel.world.clock.advance(1_000);
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
    const hello = tunnel.recording('default');
    await tunnel.route('$default');
    const client = await tunnel.connected();
    tunnel.world.faults.set({ delay: 500 });

    client.send('x');
    client.ping();
    await once(client, 'pong');
    const arrived: number[] = [];
    for (const ms of [249, 1]) {
      await tunnel.world.clock.advance(ms);
      arrived.push(hello.events.length);
    }

    expect(arrived).toEqual([0, 1]);
  });
});

test('a stage with settings of a route that is not there is refused', async () => {
  const stage = { ApiId: tunnel.apiId, StageName: 'other', AutoDeploy: true, RouteSettings: { hello: { ThrottlingRateLimit: 1 } } };

  await expect(tunnel.world.create('AWS::ApiGatewayV2::Stage', stage)).rejects.toThrow('Unable to find Route by key hello');
  await tunnel.route('hello');
  expect(await tunnel.world.create('AWS::ApiGatewayV2::Stage', stage)).toMatchObject({ ref: 'other' });
});
