// Exchanges over tunnels and reply channels that fail: what is retried, what is resumed, what is cut, and when.
import { describe, expect, test } from '@jest/globals';
import { encode } from '../../protocol/codec.ts';
import { SallyportError } from '../../protocol/errors.ts';
import type { ConnectorFrame, HeaderList } from '../../protocol/frames.ts';
import { FRAME_MAX_BYTES, WINDOW_BYTES } from '../../protocol/limits.ts';
import { turn } from './testing/manual-clock.ts';
import { event, tunnel } from './testing/records.ts';
import { answerWith, type Behaviour, createRig } from './testing/rig.ts';

const silent: Behaviour = () => undefined;
const HEADERS: HeaderList = [['Content-Type', 'text/plain']];

const failWith =
  (code: string): Behaviour =>
  ({ frame }, reply) => {
    if (frame.type === 'request') reply({ type: 'error', exchange: frame.exchange, n: 0, code, message: 'told by the connector' });
  };

/** A rig with a second connector behind a second tunnel. The first is asked first. */
const withTwo = (first: Behaviour | 'gone' | Error, second: Behaviour | 'gone' | Error = answerWith('second')) => {
  const rig = createRig();
  rig.tunnels.push(tunnel({ connectionId: 'tunnel-b=', connector: 'connector-b', seenAt: rig.clock.now() }));
  rig.behaviours.set('tunnel-a=', first).set('tunnel-b=', second);
  return rig;
};
const asked = (rig: ReturnType<typeof createRig>) =>
  rig.received.filter(({ frame }) => frame.type === 'request').map(({ tunnel }) => tunnel);
const code = (body: Buffer): string => JSON.parse(body.toString()).code;

/** A connector that does what the test tells it to. */
const manual = (rig: ReturnType<typeof createRig>) => {
  let send: (frame: ConnectorFrame, payload?: Uint8Array) => void = () => undefined;
  rig.behaviours.set('tunnel-a=', (_, reply) => {
    send = reply;
  });
  const exchange = () => rig.requests()[0]!.exchange;
  return {
    exchange,
    head: (end = false, payload = Buffer.alloc(0)) =>
      send({ type: 'response', exchange: exchange(), n: 0, status: 200, headers: HEADERS, end }, payload),
    body: (n: number, text: string | Buffer, end = false) => send({ type: 'body', exchange: exchange(), n, end }, Buffer.from(text)),
    progress: (received = 1) => send({ type: 'progress', exchange: exchange(), received }),
    moved: (to: string, received = 1) => send({ type: 'moved', exchange: exchange(), tunnel: to, received }),
    fail: (n: number, failure: string) => send({ type: 'error', exchange: exchange(), n, code: failure, message: 'x' }),
    send: (frame: ConnectorFrame, payload?: Uint8Array) => send(frame, payload),
  };
};
const framesTo = (rig: ReturnType<typeof createRig>, type: string) => rig.received.filter(({ frame }) => frame.type === type);

describe('finding a connector', () => {
  test.each(['GET', 'POST'])('a tunnel that is gone is replaced by the next, also for %s, and not asked again', async (httpMethod) => {
    const rig = withTwo('gone');

    const { response } = await rig.ask({ httpMethod });
    await rig.ask({ httpMethod });

    expect(response.body().toString()).toBe('second');
    expect(asked(rig)).toEqual(['tunnel-b=', 'tunnel-b=']);
  });

  test('when memory has only dead tunnels, the registry is asked once more', async () => {
    const rig = createRig();
    await rig.ask();
    rig.behaviours.set('tunnel-a=', 'gone').set('tunnel-c=', answerWith('third'));
    rig.tunnels.push(tunnel({ connectionId: 'tunnel-c=', connector: 'connector-c', seenAt: rig.clock.now() }));

    const { response } = await rig.ask();

    expect(response.body().toString()).toBe('third');
  });

  test('draining and expired tunnels are never asked, stale ones only when no other is left', async () => {
    const rig = createRig();
    const now = rig.clock.now();
    rig.tunnels.splice(
      0,
      1,
      tunnel({ connectionId: 'draining=', seenAt: now, draining: true }),
      tunnel({ connectionId: 'expired=', seenAt: now, expiresAt: now }),
      tunnel({ connectionId: 'stale=', seenAt: now - 150_000 }),
    );
    for (const { connectionId } of rig.tunnels) rig.behaviours.set(connectionId, answerWith(connectionId));

    const only = await rig.ask();
    rig.tunnels.push(tunnel({ connectionId: 'live=', seenAt: now }));
    rig.behaviours.set('live=', answerWith('live='));
    await rig.clock.advance(10_000);
    const better = await rig.ask();

    expect(only.response.body().toString()).toBe('stale=');
    expect(better.response.body().toString()).toBe('live=');
  });

  test('none at all is ERR_NO_CONNECTOR with Retry-After', async () => {
    const { response } = await withTwo('gone', 'gone').ask();

    expect(response.status).toBe(503);
    expect(response.header('Retry-After')).not.toBeNull();
    expect(code(response.body())).toBe('ERR_NO_CONNECTOR');
  });
});

describe('running a request a second time', () => {
  test.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])(
    '%s goes to another connector when the first is silent for three seconds',
    async (httpMethod) => {
      const rig = withTwo(silent);

      const { response, finished } = await rig.ask({ httpMethod });
      await rig.clock.advance(2_999);
      const before = finished();
      await rig.clock.advance(1);

      expect(before).toBe(false);
      expect(response.status).toBe(200);
      const [first, second] = rig.requests();
      expect(first!.exchange).not.toBe(second!.exchange);
      expect(framesTo(rig, 'cancel')).toMatchObject([
        { tunnel: 'tunnel-a=', frame: { exchange: first!.exchange, code: 'ERR_CONNECTOR_SILENT' } },
      ]);
    },
  );

  test.each(['POST', 'PATCH'])('%s does not: it may have been carried out', async (httpMethod) => {
    const rig = withTwo(silent);

    const { response } = await rig.ask({ httpMethod, body: 'a=1' });
    await rig.clock.advance(3_000);

    expect(response.status).toBe(504);
    expect(code(response.body())).toBe('ERR_CONNECTOR_SILENT');
    expect(asked(rig)).toEqual(['tunnel-a=']);
  });

  test.each(['ERR_CONNECTOR_DRAINING', 'ERR_CONNECTOR_BUSY', 'ERR_FRAME_EXPIRED'])(
    'after %s nothing was carried out, so even a POST goes on',
    async (refusal) => {
      const rig = withTwo(failWith(refusal));

      const { response } = await rig.ask({ httpMethod: 'POST', body: 'a=1' });

      expect(response.body().toString()).toBe('second');
    },
  );

  test('when every connector refuses, the user is told the last refusal', async () => {
    const { response } = await withTwo(failWith('ERR_CONNECTOR_BUSY'), failWith('ERR_CONNECTOR_DRAINING')).ask();

    expect(code(response.body())).toBe('ERR_CONNECTOR_DRAINING');
  });

  test.each([
    ['GET', 'ERR_ORIGIN_UNREACHABLE', 200],
    ['POST', 'ERR_ORIGIN_UNREACHABLE', 502],
    ['GET', 'ERR_ORIGIN_TIMEOUT', 504],
    ['GET', 'ERR_ORIGIN_NOT_ALLOWED', 502],
    ['GET', 'ERR_SOMETHING_NEWER', 500],
  ])('%s after %s: %i', async (httpMethod, failure, status) => {
    const { response } = await withTwo(failWith(failure)).ask({ httpMethod });

    expect(response.status).toBe(status);
  });

  test('an origin that one connector cannot reach is not tried through its other tunnel', async () => {
    const rig = createRig();
    rig.tunnels.push(tunnel({ connectionId: 'tunnel-a2=', seenAt: rig.clock.now() }));
    rig.behaviours.set('tunnel-a=', failWith('ERR_ORIGIN_UNREACHABLE')).set('tunnel-a2=', answerWith('x'));

    const { response } = await rig.ask();

    expect(code(response.body())).toBe('ERR_ORIGIN_UNREACHABLE');
  });

  test.each([
    ['GET', new SallyportError('ERR_INTERNAL', 'network'), 200],
    ['POST', new SallyportError('ERR_INTERNAL', 'network'), 500],
    ['POST', new SallyportError('ERR_CONNECTOR_BUSY', 'throttled'), 200],
  ])('a post that fails: %s after %s is %i', async (httpMethod, failure, status) => {
    const { response } = await withTwo(failure).ask({ httpMethod });

    expect(response.status).toBe(status);
  });

  test('five silent connectors are enough', async () => {
    const rig = createRig();
    rig.tunnels.length = 0;
    for (let at = 0; at < 8; at += 1) {
      rig.tunnels.push(tunnel({ connectionId: `t${at}=`, connector: `c${at}`, seenAt: rig.clock.now() }));
      rig.behaviours.set(`t${at}=`, silent);
    }

    const { response } = await rig.ask();
    await rig.clock.advance(15_000);

    expect(response.status).toBe(504);
    expect(asked(rig)).toHaveLength(5);
  });
});

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

describe('the response', () => {
  test('frames are put in order, doubles dropped', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();

    connector.body(2, 'c', true);
    connector.body(1, 'b');
    connector.body(1, 'b');
    connector.head(false, Buffer.from('a'));
    await turn();

    expect(response.body().toString()).toBe('abc');
    expect(response.ended).toBe(true);
  });

  test('an error after the head cuts it, with everything before it delivered', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response, failure } = await rig.ask();

    connector.fail(2, 'ERR_ORIGIN_ABORTED');
    connector.head(false, Buffer.from('a'));
    connector.body(1, 'b');
    await turn();

    expect(response.body().toString()).toBe('ab');
    expect(response.ended).toBe(false);
    expect(failure()).toMatchObject({ code: 'ERR_ORIGIN_ABORTED' });
  });

  test('header fields that are none are the origin’s fault, told as a page', async () => {
    const rig = createRig();
    rig.behaviours.set('tunnel-a=', ({ frame }, reply) =>
      reply({ type: 'response', exchange: frame.exchange, n: 0, status: 200, headers: [['X-A', 'b\r\nX-C: d']], end: true }),
    );

    const { response } = await rig.ask();

    expect(code(response.body())).toBe('ERR_ORIGIN_INVALID');
  });

  test('a second head is a double and changes nothing', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { failure } = await rig.ask();
    connector.head();
    await turn();

    connector.send({ type: 'body', exchange: connector.exchange(), n: 1, end: false });
    connector.send({ type: 'response', exchange: connector.exchange(), n: 0, status: 500, headers: [], end: true });
    await turn();

    expect(failure()).toBeNull();
    expect(rig.logged('exchange.failed')).toEqual([]);
  });

  test('a body before any head ends the exchange', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();

    connector.body(0, 'x', true);
    await turn();

    expect(code(response.body())).toBe('ERR_FRAME_INVALID');
  });

  test('a frame far ahead of its turn ends the exchange: it would have to be held', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();

    connector.body(5_000, 'x');
    await turn();

    expect(code(response.body())).toBe('ERR_FRAME_OVERFLOW');
  });
});

describe('back-pressure', () => {
  const PART = Buffer.alloc(90_000, 'x');

  test('a slow user gives no credit; one who takes gives little', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response } = await rig.ask();
    response.slow = true;
    connector.head();
    const parts = Math.floor(WINDOW_BYTES / PART.length);
    for (let n = 1; n <= parts; n += 1) connector.body(n, PART);
    await turn();

    const whileSlow = framesTo(rig, 'credit').length;
    response.takeAgain();
    await turn();

    expect(whileSlow).toBe(0);
    const credits = framesTo(rig, 'credit').map(({ frame }) => frame);
    expect(credits.length).toBeGreaterThan(0);
    expect(credits.length).toBeLessThanOrEqual(2);
    expect(credits[0]).toMatchObject({ received: parts + 1 });
  });

  test('a connector that sends on without credit is stopped', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response, failure } = await rig.ask();
    response.slow = true;
    connector.head();
    for (let n = 1; n <= (WINDOW_BYTES + 3 * FRAME_MAX_BYTES) / PART.length; n += 1) connector.body(n, PART);
    await turn();
    response.takeAgain();
    await turn();

    expect(failure()).toMatchObject({ code: 'ERR_FRAME_OVERFLOW' });
    expect(framesTo(rig, 'cancel')).toHaveLength(1);
  });

  test('credit that was lost is told again when the connector says that it waits', async () => {
    const rig = createRig();
    const connector = manual(rig);
    await rig.ask();
    connector.head();
    for (let n = 1; n <= 30; n += 1) connector.body(n, PART);
    await turn();
    const before = framesTo(rig, 'credit').length;

    connector.progress();
    await turn();

    expect(before).toBe(1);
    expect(framesTo(rig, 'credit').map(({ frame }) => frame)).toEqual([
      expect.objectContaining({ limit: expect.any(Number) }),
      expect.objectContaining({ received: 31 }),
    ]);
  });
});

describe('the user leaves', () => {
  test('before the head: the connector is told to stop, and nobody else is asked', async () => {
    const rig = withTwo(silent);

    const { response, done } = await rig.ask();
    response.leave();
    await done;

    expect(framesTo(rig, 'cancel')).toMatchObject([{ tunnel: 'tunnel-a=', frame: { code: 'ERR_USER_GONE' } }]);
    expect(asked(rig)).toEqual(['tunnel-a=']);
    expect(response.status).toBeNull();
  });

  test('in the middle of the body', async () => {
    const rig = createRig();
    const connector = manual(rig);
    const { response, done, failure } = await rig.ask();
    connector.head(false, Buffer.from('half'));
    await turn();

    response.leave();
    await done;

    expect(framesTo(rig, 'cancel')).toHaveLength(1);
    expect(failure()).toBeNull();
    expect(rig.logged('exchange.failed')).toMatchObject([{ level: 'info', code: 'ERR_USER_GONE' }]);
  });
});

describe('uploads', () => {
  const BODY = Buffer.alloc(1_000_000, 'u');
  const upload = { httpMethod: 'PUT', body: BODY.toString('base64'), isBase64Encoded: true };
  const parts = (rig: ReturnType<typeof createRig>, at = 'tunnel-a=') =>
    rig.received.filter(({ frame, tunnel: on }) => on === at && (frame.type === 'request' || frame.type === 'body'));

  test('a large body goes in frames that fit, first with the request', async () => {
    const rig = createRig();
    rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
      if (frame.type === 'body' && frame.end)
        reply({ type: 'response', exchange: frame.exchange, n: 0, status: 201, headers: [], end: true });
    });

    const { response } = await rig.ask(upload);

    expect(response.status).toBe(201);
    expect(parts(rig).map(({ frame }) => ('n' in frame ? frame.n : -1))).toEqual([...parts(rig).keys()]);
    expect(
      parts(rig)
        .map(({ frame }) => ('end' in frame ? frame.end : null))
        .lastIndexOf(true),
    ).toBe(parts(rig).length - 1);
    expect(Buffer.concat(parts(rig).map(({ payload }) => payload)).equals(BODY)).toBe(true);
  });

  test('an answer that comes early ends the upload', async () => {
    const rig = createRig();
    rig.behaviours.set('tunnel-a=', answerWith('too large', 413));

    const { response } = await rig.ask(upload);

    expect(response.status).toBe(413);
    expect(parts(rig).length).toBeLessThan(12);
  });

  test('a part that was lost is sent again when progress stands still', async () => {
    const rig = createRig();
    const connector = manual(rig);
    await rig.ask(upload);
    const sent = parts(rig).length;

    connector.progress(5);
    await turn();
    const afterFirst = parts(rig).length;
    connector.progress(5);
    await turn();

    expect(afterFirst).toBe(sent);
    expect(parts(rig)[sent]!.frame).toMatchObject({ n: 5 });
    expect(parts(rig)).toHaveLength(sent + (sent - 5));
  });

  test('the tunnel dies: the connector’s next one gets what is left, never the request again', async () => {
    const rig = createRig();
    const connector = manual(rig);
    await rig.ask(upload);
    const sent = parts(rig).length;
    rig.behaviours.set('tunnel-a=', 'gone').set('tunnel-a2=', silent);

    connector.moved('tunnel-a2=', 3);
    await turn();

    expect(parts(rig, 'tunnel-a2=').map(({ frame }) => ('n' in frame ? frame.n : -1))).toEqual(
      Array.from({ length: sent - 3 }, (_, at) => at + 3),
    );
  });
});

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
