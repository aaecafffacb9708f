// The limits of a connection, and its end in silence: by real clients, on a clock that is moved by hand.
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { startWebSocketApi, type WebSocketFixture } from './websocket-fixture.ts';

const KB = 1024;

let tunnel: WebSocketFixture;
beforeEach(async () => {
  tunnel = await startWebSocketApi();
});
afterEach(() => tunnel.dispose());

describe('the limits', () => {
  test('binary closes with 1003', async () => {
    const { events } = tunnel.recording('default');
    await tunnel.route('$default');
    const client = await tunnel.connected();

    client.send(Buffer.from('{}'));

    expect((await once(client, 'close'))[0]).toBe(1003);
    expect(events).toEqual([]);
  });

  test('a frame over 32 KB closes with 1009 and reaches no route', async () => {
    const { events } = tunnel.recording('default');
    await tunnel.route('$default');
    const client = await tunnel.connected();

    client.send('x'.repeat(32 * KB + 1));
    const [code, reason] = await once(client, 'close');

    expect([code, String(reason)]).toEqual([1009, 'Max frame length of 32768 has been exceeded.']);
    expect(events).toEqual([]);
  });

  test('a message of 128 KB in frames of 32 KB passes, one byte more closes with 1009', async () => {
    const { until } = tunnel.recording('default');
    await tunnel.route('$default');
    const client = await tunnel.connected();

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
    const gone = tunnel.recording('disconnect');
    await tunnel.route('$disconnect');
    const client = await tunnel.connected();

    await tunnel.world.clock.advance(599_000);
    client.ping();
    await once(client, 'pong');
    const closed = once(client, 'close');
    await tunnel.world.clock.advance(1_000);
    const [code, reason] = await closed;
    const [event] = await gone.until(1);

    expect([code, String(reason)]).toEqual([1001, 'Going away']);
    expect(event).toMatchObject({
      headers: { Host: `${tunnel.apiId}.execute-api.us-east-1.amazonaws.com`, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' },
      requestContext: { routeKey: '$disconnect', eventType: 'DISCONNECT', disconnectStatusCode: 1001, disconnectReason: 'Going away' },
    });
    expect(tunnel.world.meter.snapshot().totals['websocket-connection-minutes']).toBe(10);
  });

  test('a message ends idleness, and two hours end every connection', async () => {
    const { until } = tunnel.recording('default');
    await tunnel.route('$default');
    const client = await tunnel.connected();
    const closed = once(client, 'close');
    const start = tunnel.world.clock.now();

    for (let beat = 1; beat <= 13; beat += 1) {
      await tunnel.world.clock.advance(9 * 60_000);
      client.send('beat');
      await until(beat);
    }
    const alive = tunnel.world.clock.now() - start;
    const open = client.readyState;
    await tunnel.world.clock.advance(2 * 60 * 60_000 - alive);

    expect(open).toBe(WebSocket.OPEN);
    expect((await closed)[0]).toBe(1001);
  });

  test('pings stay unanswered when the simulator is told so', async () => {
    await tunnel.dispose();
    tunnel = await startWebSocketApi({ v2: { answerPings: 0 } });
    tunnel.recording('default', () => ({ statusCode: 200, body: 'after' }));
    await tunnel.route('$default', { RouteResponseSelectionExpression: '$default' }, true);
    const client = await tunnel.connected();
    let pongs = 0;
    client.on('pong', () => (pongs += 1));

    client.ping();
    client.send('x');
    await once(client, 'message');

    expect(pongs).toBe(0);
  });
});

describe('control', () => {
  test('kill resets the TCP link', async () => {
    const gone = tunnel.recording('disconnect');
    await tunnel.route('$disconnect');
    const client = await tunnel.connected();
    const closed = once(client, 'close');

    const answer = tunnel.world.control('POST', '/sockets/:name/kill', tunnel.sockets()[0]!.connectionId);
    const [code] = await closed;
    const [event] = await gone.until(1);

    expect(answer).toEqual({ connections: [expect.any(String)] });
    expect(code).toBe(1006);
    expect(event).toMatchObject({ requestContext: { disconnectStatusCode: 1006 } });
  });

  test('expire ends a connection as old age does', async () => {
    const gone = tunnel.recording('disconnect');
    await tunnel.route('$disconnect');
    const client = await tunnel.connected();
    const closed = once(client, 'close');

    tunnel.world.control('POST', '/sockets/:name/expire', tunnel.sockets()[0]!.connectionId);
    const [code, reason] = await closed;
    const [event] = await gone.until(1);

    expect([code, String(reason)]).toEqual([1001, 'Going away']);
    expect(event).toMatchObject({ requestContext: { disconnectStatusCode: 1001 } });
    expect(tunnel.sockets()).toEqual([]);
  });

  test('blackhole: nothing comes in or goes out, nobody is told, and the idle connection is forgotten in silence', async () => {
    const hello = tunnel.recording('default', () => ({ statusCode: 200, body: 'x' }));
    const gone = tunnel.recording('disconnect');
    await tunnel.route('$default', { RouteResponseSelectionExpression: '$default' }, true);
    await tunnel.route('$disconnect');
    const [client, other] = [await tunnel.connected(), await tunnel.connected()];
    const heard: string[] = [];
    for (const event of ['message', 'pong', 'close']) client.on(event, () => heard.push(event));

    tunnel.world.control('POST', '/sockets/:name/blackhole', tunnel.sockets()[0]!.connectionId);
    client.send('lost');
    client.ping();
    // By the time that the other connection has been served, this one would have been.
    other.send('kept');
    await once(other, 'message');
    const blackholed = tunnel.sockets().map((socket) => socket.blackholed);
    await tunnel.world.clock.advance(601_000);
    await gone.until(2);

    expect(blackholed).toEqual([true, false]);
    expect(hello.events.map(({ body }) => body)).toEqual(['kept']);
    expect(heard).toEqual([]);
    expect(client.readyState).toBe(WebSocket.OPEN);
    expect(tunnel.sockets()).toEqual([]);
  });

  test('takes all connections of an API by its name, and refuses a name that is none', async () => {
    const [first, second] = [await tunnel.connected(), await tunnel.connected()];
    const closed = Promise.all([once(first, 'close'), once(second, 'close')]);

    const answer = tunnel.world.control('POST', '/sockets/:name/kill', 'Tunnel') as { connections: string[] };
    await closed;

    expect(answer.connections).toHaveLength(2);
    expect(() => tunnel.world.control('POST', '/sockets/:name/kill', 'nothing')).toThrow(/neither a connection nor a WebSocket API/);
  });
});
