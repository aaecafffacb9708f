// How long an exchange may go unheard.
import { describe, expect, test } from '@jest/globals';
import { code, manual } from './testing/connectors.ts';
import { turn } from './testing/manual-clock.ts';
import { event } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

describe('silence', () => {
  test('progress keeps a slow origin’s exchange alive until the application’s own time is over', async () => {
    const rig = createRig();
    const connector = manual(rig);

    const { response, finished } = await rig.ask({ httpMethod: 'POST' });
    for (let second = 1; second < 42; second += 1) {
      await rig.clock.advance(1_000);
      connector.progress();
    }
    const before = finished();
    await rig.clock.advance(1_000);

    expect(before).toBe(false);
    expect(code(response.body())).toBe('ERR_ORIGIN_TIMEOUT');
  });

  test('heard once, a connector has twelve seconds', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response, finished } = await rig.ask({ httpMethod: 'POST' });
    await rig.clock.advance(1_000);
    connector.progress();
    await turn();

    await rig.clock.advance(11_999);
    const before = finished();
    await rig.clock.advance(1);

    expect(before).toBe(false);
    expect(code(response.body())).toBe('ERR_CONNECTOR_SILENT');
  });

  test('a body that stops for forty seconds is cut, not ended', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response, failure } = await rig.ask();
    connector.head(false, Buffer.from('half'));
    await turn();

    await rig.clock.advance(40_000);

    expect(response.body().toString()).toBe('half');
    expect(response.ended).toBe(false);
    expect(failure()).toMatchObject({ code: 'ERR_CONNECTOR_SILENT' });
    expect(rig.logged('exchange.failed')).toMatchObject([{ status: 200, code: 'ERR_CONNECTOR_SILENT' }]);
  });

  test('an exchange ends before its invocation must', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { failure } = rig.begin(event({ headers: { Cookie: [rig.signIn()] } }), rig.clock.now() + 20_000);
    await turn();
    connector.head();
    await turn();
    for (let second = 0; second < 4; second += 1) {
      await rig.clock.advance(5_000);
      connector.progress();
    }

    expect(failure()).toMatchObject({ code: 'ERR_ORIGIN_TIMEOUT' });
  });

  test('a healthy slow exchange raises no suspicion: nothing is posted and nothing probed', async () => {
    const rig = createRig();
    const connector = manual(rig);
    await rig.ask();
    const heard = rig.replyApi.heard.length;
    await rig.clock.advance(1_100);
    connector.progress();
    for (let wait = 0; wait < 5; wait += 1) {
      await rig.clock.advance(4_100);
      connector.progress();
    }

    expect(rig.received.map(({ frame }) => frame.type)).toEqual(['request']);
    expect(rig.replyApi.heard).toHaveLength(heard);
  });
});
