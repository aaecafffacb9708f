// Which connector is asked, and when a request is run a second time (D13).
import { describe, expect, test } from '@jest/globals';
import { SallyportError } from '../../protocol/errors.ts';
import { SILENCE_ALONE_MS } from '../../protocol/limits.ts';
import type { Application } from '../stores/records.ts';
import { asked, code, failWith, framesTo, manual, silent, withTwo } from './testing/connectors.ts';
import { turn } from './testing/manual-clock.ts';
import { application, tunnel } from './testing/records.ts';
import { answerWith, createRig } from './testing/rig.ts';

describe('finding a connector', () => {
  test.each(['GET', 'POST'])('a tunnel that is gone is replaced by the next, also for %s, and not asked again', async (httpMethod) => {
    const rig = withTwo('gone');

    const { response } = await rig.ask({ httpMethod });
    await rig.ask({ httpMethod });

    expect(response.body().toString()).toBe('second');
    expect(asked(rig)).toEqual(['tunnel-b=', 'tunnel-b=']);
  });

  test.each(['GET', 'POST'])('a connector that drains is replaced by the next, also for %s, and not asked again', async (httpMethod) => {
    const rig = withTwo(failWith('ERR_CONNECTOR_DRAINING'));

    const { response } = await rig.ask({ httpMethod });
    await rig.ask({ httpMethod });

    expect(response.body().toString()).toBe('second');
    expect(asked(rig)).toEqual(['tunnel-a=', 'tunnel-b=', 'tunnel-b=']);
  });

  test('however many connectors drain, the one that does not is found', async () => {
    const rig = withTwo(failWith('ERR_CONNECTOR_DRAINING'));
    for (const name of ['c', 'd', 'e', 'f', 'g']) {
      rig.tunnels.unshift(tunnel({ connectionId: `tunnel-${name}=`, connector: `connector-${name}`, seenAt: rig.clock.now() }));
      rig.behaviours.set(`tunnel-${name}=`, failWith('ERR_CONNECTOR_DRAINING'));
    }

    const { response, done } = await rig.ask({ httpMethod: 'POST' });
    await done;

    expect(response.body().toString()).toBe('second');
    expect(asked(rig)).toHaveLength(7);
  });

  test('each request frame names the connector and the tunnel that it is posted to', async () => {
    const rig = withTwo(failWith('ERR_CONNECTOR_BUSY'));

    await rig.ask();

    expect(rig.requests()).toMatchObject([
      { connector: 'connector-a', tunnel: 'tunnel-a=' },
      { connector: 'connector-b', tunnel: 'tunnel-b=' },
    ]);
  });

  test('when memory has only dead tunnels, the registry is asked once more', async () => {
    const rig = createRig();
    await rig.ask();
    rig.behaviours.set('tunnel-a=', 'gone').set('tunnel-c=', answerWith('third'));
    rig.tunnels.push(tunnel({ connectionId: 'tunnel-c=', connector: 'connector-c', seenAt: rig.clock.now() }));

    const { response } = await rig.ask();

    expect(response.body().toString()).toBe('third');
  });

  test.each([0, 0.999])(
    'of a connector with two tunnels the newer is asked, the older only when that is gone (chance: %d)',
    async (next) => {
      const rig = createRig();
      const [openedAt, seenAt] = [rig.clock.now() - 20_000, rig.clock.now()];
      rig.tunnels.splice(0, 1, tunnel({ connectionId: 'tunnel-a=', openedAt, seenAt }), tunnel({ connectionId: 'tunnel-new=', seenAt }));
      rig.behaviours.set('tunnel-a=', answerWith('older')).set('tunnel-new=', answerWith('newer'));
      rig.chance.next = next;

      const first = await rig.ask();
      rig.behaviours.set('tunnel-new=', 'gone');
      const then = await rig.ask();

      expect(first.response.body().toString()).toBe('newer');
      expect(then.response.body().toString()).toBe('older');
    },
  );

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

  const form = { page: '/login', usernameField: null, passwordField: null, success: null, failure: null };
  test.each<[string, Application['singleSignOn']]>([
    ['a connection of its own', { method: 'ntlm', headers: {} }],
    ['cookies at a connector', { method: 'password', headers: {}, scheme: 'form', credentials: 'shared', vaultKey: 'key', form }],
  ])('a session that has %s goes to one connector, whichever router asks; to another when that one is gone', async (_, singleSignOn) => {
    const askedOf = async (random: number, dead: string[] = []) => {
      const rig = createRig();
      rig.chance.next = random;
      rig.applications.splice(0, 1, application({ singleSignOn }));
      rig.credentials.set('wiki null', { sealed: 'sealed', owner: null, setBy: 'ada', setAt: 0, refusedAt: null });
      for (const name of ['b', 'c', 'd']) {
        rig.tunnels.push(tunnel({ connectionId: `tunnel-${name}=`, connector: `connector-${name}`, seenAt: rig.clock.now() }));
      }
      for (const { connectionId } of rig.tunnels) {
        rig.behaviours.set(connectionId, dead.includes(connectionId) ? 'gone' : answerWith('answered'));
      }
      const cookie = rig.signIn({ id: 'one-session' });
      await rig.ask({ headers: { Cookie: [cookie] } });
      return asked(rig)[0]!;
    };

    const first = await askedOf(0);
    const again = await Promise.all([0.3, 0.6, 0.99].map((random) => askedOf(random)));
    const instead = await askedOf(0.5, [first]);

    expect(again).toEqual([first, first, first]);
    expect(instead).not.toBe(first);
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
    await rig.clock.advance(SILENCE_ALONE_MS);

    expect(response.status).toBe(504);
    expect(code(response.body())).toBe('ERR_CONNECTOR_SILENT');
    expect(asked(rig)).toEqual(['tunnel-a=']);
  });

  test.each(['POST', 'GET'])(
    'its tunnel is dead without a word, and no other connector may or can take it: %s reaches the same connector by its next tunnel, as the same exchange',
    async (httpMethod) => {
      const rig = httpMethod === 'POST' ? withTwo(silent) : createRig();
      rig.behaviours.set('tunnel-a=', silent).set('tunnel-a2=', ({ frame }, reply) => {
        if (frame.type === 'request') answerWith('carried out')({ tunnel: 'tunnel-a2=', frame, payload: Buffer.alloc(0) }, reply);
      });

      const { response } = await rig.ask({ httpMethod });
      await rig.clock.advance(9_200);
      rig.tunnels.push(tunnel({ connectionId: 'tunnel-a2=', seenAt: rig.clock.now(), openedAt: rig.clock.now() }));
      await rig.clock.advance(1_500);

      expect(response.body().toString()).toBe('carried out');
      expect(asked(rig)).toEqual(['tunnel-a=', 'tunnel-a2=']);
      // One exchange, and still the tunnel of the process that it was meant for: that process acts on it once, and no later one at all.
      expect(new Set(rig.requests().map(({ exchange, tunnel: named }) => `${exchange} ${named}`)).size).toBe(1);
    },
  );

  test('its tunnel is dead without a word, and there was no other connector: a GET goes to one that has come meanwhile', async () => {
    const rig = createRig();
    rig.behaviours.set('tunnel-a=', silent).set('tunnel-b=', answerWith('second'));

    const { response } = await rig.ask();
    await rig.clock.advance(2_000);
    rig.tunnels.push(tunnel({ connectionId: 'tunnel-b=', connector: 'connector-b', seenAt: rig.clock.now() }));
    await rig.clock.advance(1_000);

    expect(response.body().toString()).toBe('second');
    expect(asked(rig)).toEqual(['tunnel-a=', 'tunnel-b=']);
  });

  test.each(['GET', 'POST'])(
    'a tunnel over which nothing came back in time is not asked by the next %s, while another is left',
    async (httpMethod) => {
      const rig = withTwo(silent);
      await rig.ask({ httpMethod });
      await rig.clock.advance(1_500);

      const { response } = await rig.ask({ httpMethod });

      expect(response.body().toString()).toBe('second');
      expect(asked(rig)).toEqual(['tunnel-a=', 'tunnel-b=']);
    },
  );

  test('it is asked again once something has come back, or some time later', async () => {
    const rig = withTwo(silent);
    const connector = manual(rig);
    await rig.ask({ httpMethod: 'POST' });
    await rig.clock.advance(1_500);
    connector.progress();
    await turn();
    await rig.ask({ httpMethod: 'POST' });
    await rig.clock.advance(1_500);
    await rig.ask();
    await rig.clock.advance(SILENCE_ALONE_MS + 30_000);

    await rig.ask();

    expect(asked(rig)).toEqual(['tunnel-a=', 'tunnel-a=', 'tunnel-b=', 'tunnel-a=']);
  });

  test.each([
    'ERR_CONNECTOR_DRAINING',
    'ERR_CONNECTOR_BUSY',
    'ERR_FRAME_EXPIRED',
    'ERR_KERBEROS_KDC',
    'ERR_KERBEROS_CREDENTIALS',
    'ERR_KERBEROS_UNAVAILABLE',
    'ERR_CREDENTIALS_UNREADABLE',
  ])('after %s nothing was carried out, so even a POST goes on', async (refusal) => {
    const rig = withTwo(failWith(refusal));

    const { response } = await rig.ask({ httpMethod: 'POST', body: 'a=1' });

    expect(response.body().toString()).toBe('second');
  });

  test('when every connector refuses, the user is told the last refusal', async () => {
    const { response } = await withTwo(failWith('ERR_CONNECTOR_BUSY'), failWith('ERR_CONNECTOR_DRAINING')).ask();

    expect(code(response.body())).toBe('ERR_CONNECTOR_DRAINING');
  });

  test.each([
    ['GET', 'ERR_ORIGIN_UNREACHABLE', 200],
    ['POST', 'ERR_ORIGIN_UNREACHABLE', 502],
    ['GET', 'ERR_ORIGIN_TIMEOUT', 504],
    ['GET', 'ERR_KERBEROS_USER_UNKNOWN', 403],
    ['GET', 'ERR_SOMETHING_NEWER', 500],
  ])('%s after %s: %i', async (httpMethod, failure, status) => {
    const { response } = await withTwo(failWith(failure)).ask({ httpMethod });

    expect(response.status).toBe(status);
  });

  test.each(['ERR_ORIGIN_UNREACHABLE', 'ERR_KERBEROS_KDC', 'ERR_CREDENTIALS_UNREADABLE'])(
    'what one connector cannot do is not tried through its other tunnel (%s)',
    async (failure) => {
      const rig = createRig();
      rig.tunnels.push(tunnel({ connectionId: 'tunnel-a2=', seenAt: rig.clock.now() }));
      rig.behaviours.set('tunnel-a=', failWith(failure)).set('tunnel-a2=', answerWith('x'));

      const { response } = await rig.ask();

      expect(code(response.body())).toBe(failure);
    },
  );

  test.each([
    ['GET', new SallyportError('ERR_TUNNEL_UNAVAILABLE', 'network'), 200],
    ['POST', new SallyportError('ERR_TUNNEL_UNAVAILABLE', 'network'), 503],
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
