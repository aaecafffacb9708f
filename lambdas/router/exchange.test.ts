// Exchanges whose channels die, and frames that are not theirs.
import { describe, expect, test } from '@jest/globals';
import { encode, type FrameKey } from '../../protocol/codec.ts';
import { serviceSide } from '../../protocol/frame-keys.ts';
import type { ConnectorFrame, CreditFrame } from '../../protocol/frames.ts';
import { LINGER_MS, PROGRESS_IDLE_MS, SILENCE_IDLE_MS } from '../../protocol/limits.ts';
import { asked, code, failWith, framesTo, manual, silent, withTwo } from './testing/connectors.ts';
import { turn } from './testing/manual-clock.ts';
import { tunnel } from './testing/records.ts';
import { createRig } from './testing/rig.ts';

describe('resuming', () => {
  test('the reply channel dies in mid-response: a new one is announced and the response goes on', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();
    connector.head(false, Buffer.from('a'));
    connector.body(1, 'b');
    await turn();

    rig.replyApi.close(rig.replyApi.connections()[0]!);
    await turn();
    connector.body(2, 'c', true);
    await turn();

    expect(framesTo(rig, 'reply-to')).toMatchObject([{ frame: { received: 2, replyTo: rig.replyApi.connections()[0] } }]);
    expect(response.body().toString()).toBe('abc');
    expect(response.ended).toBe(true);
  });

  test('it dies without a word before the head: the probe finds out, and the answer is asked for again', async () => {
    const rig = createRig();
    await rig.ask();
    const frames: ConnectorFrame[] = [];
    rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
      if (frame.type === 'request') frames.push({ type: 'response', exchange: frame.exchange, n: 0, status: 200, headers: [], end: true });
      for (const kept of frames) if (frame.type === 'request' || frame.type === 'reply-to') reply(kept, Buffer.from('kept'));
    });
    rig.replyApi.mute(rig.replyApi.connections()[0]!);

    const { response } = await rig.ask({ httpMethod: 'POST' });
    await rig.clock.advance(3_100);

    expect(response.body().toString()).toBe('kept');
    expect(asked(rig)).toHaveLength(2);
  });

  test('it dies without a word before the head, and dialling takes its time: the connector is not blamed for that', async () => {
    const rig = createRig();
    await rig.ask();
    const connector = manual(rig);
    rig.replyApi.mute(rig.replyApi.connections()[0]!);

    const { response } = await rig.ask({ httpMethod: 'POST' });
    rig.replyApi.refuse = true;
    await rig.clock.advance(2_999);
    rig.replyApi.refuse = false;
    await rig.clock.advance(1);
    connector.answer(rig.requests()[1]!.exchange, 'late');
    await turn();

    expect(response.body().toString()).toBe('late');
  });

  test('it dies without a word in mid-body: it is replaced while the connector still keeps what it sent last', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();
    connector.head(false, Buffer.from('a'));
    await turn();

    rig.replyApi.mute(rig.replyApi.connections()[0]!);
    connector.body(1, 'b', true);
    await rig.clock.advance(LINGER_MS - 500);
    connector.body(1, 'b', true);
    await turn();

    expect(framesTo(rig, 'reply-to').at(-1)).toMatchObject({ frame: { received: 1, replyTo: rig.replyApi.connections()[0] } });
    expect(response.body().toString()).toBe('ab');
    expect(response.ended).toBe(true);
  });

  test('it cannot be opened again: the user is told so', async () => {
    const rig = createRig();
    rig.behaviours.set('tunnel-a=', silent);
    const { response } = await rig.ask();

    rig.replyApi.refuse = true;
    rig.replyApi.close(rig.replyApi.connections()[0]!);
    await rig.clock.advance(1_000);

    expect(code(response.body())).toBe('ERR_REPLY_CHANNEL');
  });

  test('the tunnel dies when credit is due: the registry names the connector’s next one', async () => {
    const rig = createRig();
    const connector = manual(rig);
    await rig.ask();
    connector.head();
    await turn();
    rig.behaviours.set('tunnel-a=', 'gone').set('tunnel-a2=', silent);
    rig.tunnels.push(
      tunnel({ connectionId: 'tunnel-a2=', seenAt: rig.clock.now() + 1 }),
      tunnel({ connectionId: 'tunnel-b=', connector: 'connector-b', seenAt: rig.clock.now() + 2 }),
    );

    for (let n = 1; n <= 30; n += 1) connector.body(n, Buffer.alloc(90_000));
    await turn();

    expect(rig.received.filter(({ tunnel: on }) => on === 'tunnel-a2=').map(({ frame }) => frame.type)).toEqual(['reply-to', 'credit']);
    expect(rig.received.filter(({ tunnel: on }) => on === 'tunnel-b=')).toEqual([]);
  });

  test('a tunnel that stays gone for thirty seconds is ERR_EXCHANGE_LOST, and the answer is cut', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { failure } = await rig.ask();
    connector.head();
    await turn();
    rig.behaviours.set('tunnel-a=', 'gone');
    for (let n = 1; n <= 30; n += 1) connector.body(n, Buffer.alloc(90_000));
    await turn();

    for (let second = 0; second < 32; second += 1) {
      await rig.clock.advance(1_000);
      connector.progress();
    }

    expect(failure()).toMatchObject({ code: 'ERR_EXCHANGE_LOST' });
  });

  test('so is one that is found gone late, when the silence ends first', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { failure } = await rig.ask();
    connector.head();
    await turn();

    await rig.clock.advance(PROGRESS_IDLE_MS);
    rig.behaviours.set('tunnel-a=', 'gone');
    await rig.clock.advance(SILENCE_IDLE_MS - PROGRESS_IDLE_MS);

    expect(failure()).toMatchObject({ code: 'ERR_EXCHANGE_LOST' });
  });

  test('credit is lost: after a while of quiet it is told again', async () => {
    const rig = createRig();
    const connector = manual(rig);
    await rig.ask();
    connector.head();
    for (let n = 1; n <= 30; n += 1) connector.body(n, Buffer.alloc(90_000));
    await turn();
    const limitTold = () => framesTo(rig, 'credit').map(({ frame }) => (frame as CreditFrame).limit);
    const before = limitTold();

    await rig.clock.advance(8_000);

    expect(before).toHaveLength(1);
    expect(limitTold()).toEqual([before[0], before[0]]);
  });

  test('the last frame is lost: after a while of quiet it is asked for again', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();
    connector.head(false, Buffer.from('a'));
    await turn();

    await rig.clock.advance(8_000);
    const asks = framesTo(rig, 'reply-to').map(({ frame }) => frame);
    connector.body(1, 'b', true);
    await turn();

    expect(asks).toMatchObject([{ received: 1 }]);
    expect(response.ended).toBe(true);
  });

  test('a frame in the middle is lost: two seconds later it is asked for, again and again', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();
    connector.head(false, Buffer.from('a'));
    connector.body(2, 'c', true);
    await turn();

    await rig.clock.advance(1_999);
    const tooEarly = framesTo(rig, 'reply-to').length;
    await rig.clock.advance(4_001);
    const asks = framesTo(rig, 'reply-to').map(({ frame }) => frame);
    connector.body(1, 'b');
    await turn();

    expect(tooEarly).toBe(0);
    expect(asks).toMatchObject([{ received: 1 }, { received: 1 }, { received: 1 }]);
    expect(response.body().toString()).toBe('abc');
  });

  test('a frame in the middle is lost: progress shows it, and it is asked for again', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();
    connector.head(false, Buffer.from('a'));
    connector.body(2, 'c', true);
    connector.progress();
    await turn();

    const asks = framesTo(rig, 'reply-to').map(({ frame }) => frame);
    connector.body(1, 'b');
    await turn();

    expect(asks).toMatchObject([{ received: 1 }]);
    expect(response.body().toString()).toBe('abc');
  });

  test('a connector that no longer knows the exchange: a GET is run elsewhere', async () => {
    const rig = withTwo(failWith('ERR_EXCHANGE_UNKNOWN'));

    const { response } = await rig.ask();

    expect(response.body().toString()).toBe('second');
  });
});

describe('a connector that knows a key for each direction', () => {
  test.each([
    ['sealed by the one key of older releases', (secret: Uint8Array): FrameKey => secret],
    ['sent back to who sealed it', serviceSide],
  ])('is heard; a frame in its name that is %s is not', async (_, key) => {
    const rig = createRig();
    rig.tunnels[0] = { ...rig.tunnels[0]!, keysApart: true };
    const connector = manual(rig);
    const { response } = await rig.ask();
    const frame = { type: 'response', exchange: connector.exchange(), n: 0, status: 200, headers: [], end: true } as const;

    rig.replyApi.post(rig.replyApi.connections()[0]!, encode(frame, key(rig.keyOf('connector-a')), Buffer.from('forged')));
    await turn();
    const before = response.status;
    connector.head(true, Buffer.from('genuine'));
    await turn();

    expect(before).toBeNull();
    expect(response.body().toString()).toBe('genuine');
    expect(rig.logged('frame.refused')).toMatchObject([{ level: 'warn', code: 'ERR_FRAME_FORGED' }]);
  });
});

describe('frames of others', () => {
  const forge = (rig: ReturnType<typeof createRig>, connector: string, exchange: string) =>
    rig.replyApi.post(
      rig.replyApi.connections()[0]!,
      encode({ type: 'response', exchange, n: 0, status: 200, headers: [], end: true }, rig.keyOf(connector), Buffer.from('forged')),
    );

  test('a foreign connector cannot answer, even with the exchange’s id: dropped and logged', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();

    forge(rig, 'connector-b', connector.exchange());
    await turn();
    const before = response.status;
    connector.head(true, Buffer.from('genuine'));
    await turn();

    expect(before).toBeNull();
    expect(response.body().toString()).toBe('genuine');
    expect(rig.logged('frame.refused')).toMatchObject([{ level: 'warn', code: 'ERR_FRAME_FORGED' }]);
  });

  test('a frame for no exchange is dropped and logged; a late one of an exchange that is over is no warning', async () => {
    const rig = createRig();
    await rig.ask();

    forge(rig, 'connector-a', 'unknown-exchange');
    forge(rig, 'connector-a', rig.requests()[0]!.exchange);
    rig.replyApi.post(rig.replyApi.connections()[0]!, 'no frame');
    await turn();

    expect(rig.logged('frame.refused').map(({ level, code: told }) => [level, told])).toEqual([
      ['warn', 'ERR_EXCHANGE_UNKNOWN'],
      ['debug', 'ERR_EXCHANGE_UNKNOWN'],
      ['warn', 'ERR_FRAME_INVALID'],
    ]);
  });

  test('a router’s own frame, thrown back, is none of a connector’s', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();

    rig.replyApi.post(
      rig.replyApi.connections()[0]!,
      encode({ type: 'cancel', exchange: connector.exchange(), code: 'ERR_USER_GONE' }, rig.keyOf('connector-a')),
    );
    await turn();

    expect(rig.logged('frame.refused')).toMatchObject([{ code: 'ERR_FRAME_INVALID', type: 'cancel' }]);
    expect(response.status).toBeNull();
  });
});
