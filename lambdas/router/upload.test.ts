// Request bodies larger than a frame.
import { describe, expect, test } from '@jest/globals';
import { SILENCE_ALONE_MS } from '../../protocol/limits.ts';
import { code, manual, silent } from './testing/connectors.ts';
import { turn } from './testing/manual-clock.ts';
import { answerWith, createRig } from './testing/rig.ts';

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

  describe('over a tunnel that takes its time', () => {
    const POST_MS = 6_000;
    const slowly = async (rig: ReturnType<typeof createRig>) => {
      rig.pace.postMs = POST_MS;
      const asked = await rig.ask(upload);
      const lastAt = () => parts(rig).some(({ frame }) => 'end' in frame && frame.end);
      let [seconds, taken] = [0, Number.POSITIVE_INFINITY];
      for (; seconds < 60 && !asked.finished(); seconds += 1) {
        await rig.clock.advance(1_000);
        if (lastAt()) taken = Math.min(taken, seconds);
      }
      return { response: asked.response, seconds, taken };
    };

    test('the connector is not silent while it has not all of the body', async () => {
      const rig = createRig();
      rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
        if (frame.type === 'body' && frame.end)
          reply({ type: 'response', exchange: frame.exchange, n: 0, status: 201, headers: [], end: true });
      });

      const { response, taken } = await slowly(rig);

      expect(taken).toBeGreaterThan(SILENCE_ALONE_MS / 1_000);
      expect(response.status).toBe(201);
    });

    test('once it has all of it, it has as long as any', async () => {
      const rig = createRig();
      rig.behaviours.set('tunnel-a=', silent);

      const { response, seconds, taken } = await slowly(rig);

      expect(code(response.body())).toBe('ERR_CONNECTOR_SILENT');
      // The post that tells the connector of it takes its time too.
      expect(seconds - taken).toBeLessThanOrEqual((SILENCE_ALONE_MS + 2 * POST_MS) / 1_000);
    });
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
