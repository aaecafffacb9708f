// What the router logs of a request: `sallyport explain` is made of it.
import { describe, expect, test } from '@jest/globals';
import { failWith, manual, withTwo } from './testing/connectors.ts';
import { turn } from './testing/manual-clock.ts';
import { event } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

describe('the log’s line of a request', () => {
  test('tells when each step was reached, and what the connector measured', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const asked = rig.begin(event({ headers: { Cookie: [rig.signIn()] } }));
    await turn();

    await rig.clock.advance(30);
    connector.send(
      {
        type: 'response',
        exchange: connector.exchange(),
        n: 0,
        status: 200,
        headers: [],
        end: false,
        timings: { verified: 4, connected: 1, answered: 20, sent: 21 },
      },
      Buffer.alloc(0),
    );
    await rig.clock.advance(5);
    connector.body(1, 'hello', true);
    await asked.done;

    expect(rig.logged('exchange.finished')).toMatchObject([
      {
        request: 'request-1',
        exchange: connector.exchange(),
        connector: 'connector-a',
        tunnel: 'tunnel-a=',
        application: 'wiki',
        user: 'alice@example.com',
        method: 'GET',
        host: 'wiki.apps.example.com',
        status: 200,
        bytes: 5,
        ms: 35,
        resolved: 0,
        admitted: 0,
        posted: 0,
        head: 30,
        firstByte: 35,
        premises: { verified: 4, connected: 1, answered: 20, sent: 21 },
      },
    ]);
  });

  test('of an attempt that failed belongs to the same request, and has its own course', async () => {
    const rig = withTwo(failWith('ERR_CONNECTOR_BUSY'));

    await rig.ask();

    const [retried] = rig.logged('exchange.retried');
    const [finished] = rig.logged('exchange.finished');
    expect(retried).toMatchObject({
      request: 'request-1',
      connector: 'connector-a',
      tunnel: 'tunnel-a=',
      posted: 0,
      ms: 0,
      code: 'ERR_CONNECTOR_BUSY',
    });
    expect(finished).toMatchObject({ request: 'request-1', connector: 'connector-b', tunnel: 'tunnel-b=' });
    expect(finished?.exchange).not.toBe(retried?.exchange);
  });

  test('of an attempt is told as its own only where another connector is asked after it', async () => {
    const rig = createRig();
    rig.behaviours.set('tunnel-a=', failWith('ERR_CONNECTOR_BUSY'));

    await rig.ask();

    expect(rig.logged('exchange.retried')).toEqual([]);
    expect(rig.logged('exchange.failed')).toMatchObject([{ code: 'ERR_CONNECTOR_BUSY', connector: expect.any(String) }]);
  });

  test('that we answered ourselves says with what', async () => {
    const rig = createRig();

    await rig.begin(event()).done;
    await rig.begin(event({ path: '/.sallyport/sign-out' })).done;

    expect(rig.logged('request.answered').map(({ answer, resolved }) => [answer, resolved])).toEqual([
      ['sign-in', 0],
      ['reserved', undefined],
    ]);
  });
});

describe('an application whose connectors are all gone', () => {
  test('is offline; when one was seen last is in the log, not on the page', async () => {
    const rig = createRig();
    rig.tunnels.length = 0;
    const connector = { id: 'hall-1', name: 'hall', group: 'default', version: '1', enrolledAt: 0, seenAt: Date.UTC(2026, 10, 1) };
    rig.connectors.push({ ...connector, signingKey: { kty: 'EC' }, sealingKey: { kty: 'EC' } });

    const { response } = await rig.ask({ headers: { 'Sec-Fetch-Mode': ['navigate'] } });

    expect(response.status).toBe(503);
    expect(response.body().toString()).toContain('offline');
    expect(response.body().toString()).not.toMatch(/2026-11-01|hall/);
    expect(rig.logged('request.failed')).toMatchObject([
      { code: 'ERR_NO_CONNECTOR', error: expect.stringContaining('the last was seen at 2026-11-01T00:00:00.000Z') },
    ]);
  });

  test('none was ever enrolled: the log says so', async () => {
    const rig = createRig();
    rig.tunnels.length = 0;

    await rig.ask();

    expect(rig.logged('request.failed')).toMatchObject([{ error: expect.stringContaining('none is enrolled') }]);
  });
});
