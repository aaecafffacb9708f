// Connectors of one group that reach not all of its applications: the one that does is asked, whatever the method.
import { describe, expect, test } from '@jest/globals';
import { createReach } from './reach.ts';
import { asked, code, failWith, withTwo } from './testing/connectors.ts';
import { application, tunnel } from './testing/records.ts';
import { answerWith, type Behaviour } from './testing/rig.ts';
import { beginning, codeOf, parting, playUploads } from './testing/uploads.ts';

const UNREACHED = [
  'ERR_ORIGIN_NOT_ALLOWED',
  'ERR_ORIGIN_UNREACHABLE',
  'ERR_ORIGIN_CERTIFICATE',
  'ERR_ORIGIN_INVALID',
  'ERR_ORIGIN_TIMEOUT',
];

const failUnsent =
  (failure: string, unsent = true): Behaviour =>
  ({ frame }, reply) => {
    if (frame.type === 'request')
      reply({ type: 'error', exchange: frame.exchange, n: 0, code: failure, message: 'told by the connector', unsent });
  };

describe('a connector that has sent nothing to the origin', () => {
  test.each(UNREACHED.flatMap((failure) => ['GET', 'POST', 'PATCH', 'LOCK'].map((method) => [failure, method])))(
    '%s: %s goes to the next connector, with its whole body, and the next one there at once',
    async (failure, httpMethod) => {
      const rig = withTwo(failUnsent(failure!));

      const first = await rig.ask({ httpMethod, body: 'a=1' });
      const second = await rig.ask({ httpMethod, body: 'a=2' });

      expect([first, second].map(({ response }) => response.body().toString())).toEqual(['second', 'second']);
      expect(asked(rig)).toEqual(['tunnel-a=', 'tunnel-b=', 'tunnel-b=']);
      expect(rig.received.map(({ payload }) => payload.toString())).toEqual(['a=1', 'a=1', 'a=2']);
    },
  );

  test.each([
    ['POST', 'ERR_ORIGIN_NOT_ALLOWED', 200],
    ['POST', 'ERR_ORIGIN_CERTIFICATE', 200],
    ['POST', 'ERR_ORIGIN_UNREACHABLE', 502],
    ['GET', 'ERR_ORIGIN_UNREACHABLE', 200],
  ])('older connectors do not say so; of them, %s goes on after %s: %i', async (httpMethod, failure, status) => {
    const { response } = await withTwo(failWith(failure)).ask({ httpMethod, body: 'a=1' });

    expect(response.status).toBe(status);
  });

  test.each(['ERR_ORIGIN_UNREACHABLE', 'ERR_ORIGIN_INVALID', 'ERR_ORIGIN_ABORTED', 'ERR_ORIGIN_TIMEOUT', 'ERR_ORIGIN_CERTIFICATE'])(
    'where something was sent, a POST stays where it was: %s',
    async (failure) => {
      const rig = withTwo(failUnsent(failure, false));

      const { response } = await rig.ask({ httpMethod: 'POST', body: 'a=1' });

      expect(code(response.body())).toBe(failure);
      expect(asked(rig)).toEqual(['tunnel-a=']);
    },
  );

  test.each(['ERR_CREDENTIALS_REFUSED', 'ERR_KERBEROS_USER_UNKNOWN', 'ERR_METHOD_REFUSED'])(
    'what the next connector would say too is said at once: %s',
    async (failure) => {
      const rig = withTwo(failUnsent(failure));

      const { response } = await rig.ask();

      expect(code(response.body())).toBe(failure);
      expect(asked(rig)).toEqual(['tunnel-a=']);
    },
  );

  test('is not asked through its other tunnels, and however many there are, the one that reaches it is found', async () => {
    const rig = withTwo(failUnsent('ERR_ORIGIN_NOT_ALLOWED'));
    const add = (name: string, connector: string, behaviour: Behaviour) => {
      rig.tunnels.unshift(tunnel({ connectionId: `tunnel-${name}=`, connector, seenAt: rig.clock.now() }));
      rig.behaviours.set(`tunnel-${name}=`, behaviour);
    };
    add('a2', 'connector-a', answerWith('never asked'));
    for (const name of ['c', 'd', 'e', 'f', 'g', 'h']) add(name, `connector-${name}`, failUnsent('ERR_ORIGIN_UNREACHABLE'));
    add('a3', 'connector-a', failUnsent('ERR_ORIGIN_NOT_ALLOWED'));

    const { response, done } = await rig.ask({ httpMethod: 'POST', body: 'a=1' });
    await done;

    expect(response.body().toString()).toBe('second');
    expect(asked(rig).filter((name) => name.startsWith('tunnel-a'))).toHaveLength(1);
  });

  test.each([0, 0.999])(
    'of several failures the user and the log get the one that tells most, whoever was asked first (chance: %d)',
    async (next) => {
      const rig = withTwo(failUnsent('ERR_ORIGIN_NOT_ALLOWED'), failUnsent('ERR_ORIGIN_UNREACHABLE'));
      rig.chance.next = next;

      const { response } = await rig.ask();

      expect(code(response.body())).toBe('ERR_ORIGIN_UNREACHABLE');
    },
  );

  test('is asked last for this origin alone, and again after a while', async () => {
    const rig = withTwo(failUnsent('ERR_ORIGIN_UNREACHABLE'));
    rig.applications.push(application({ id: 'shop', host: 'shop.apps.example.com', internalUrl: 'http://shop.internal/' }));
    await rig.ask();
    await rig.ask({ host: 'shop.apps.example.com', headers: { Cookie: [rig.signIn({ host: 'shop.apps.example.com' })] } });
    const elsewhere = asked(rig).slice(2);
    await rig.clock.advance(30_000);

    await rig.ask();

    expect(elsewhere[0]).toBe('tunnel-a=');
    expect(asked(rig).slice(-2)).toEqual(['tunnel-a=', 'tunnel-b=']);
  });

  test('is asked all the same where it is the only one left, and is good again once it has answered', async () => {
    const rig = withTwo(failUnsent('ERR_ORIGIN_UNREACHABLE'));
    await rig.ask();
    rig.behaviours.set('tunnel-a=', answerWith('first')).set('tunnel-b=', failUnsent('ERR_ORIGIN_UNREACHABLE'));

    const { response } = await rig.ask();
    await rig.ask();

    expect(response.body().toString()).toBe('first');
    expect(asked(rig)).toEqual(['tunnel-a=', 'tunnel-b=', 'tunnel-b=', 'tunnel-a=', 'tunnel-a=']);
  });
});

describe('WebSockets and uploads', () => {
  test('a WebSocket is opened by the connector that reaches the application', async () => {
    const rig = withTwo(failUnsent('ERR_ORIGIN_NOT_ALLOWED'), ({ frame }, reply) => {
      if (frame.type === 'request')
        reply({ type: 'response', exchange: frame.exchange, n: 0, status: 101, headers: [['Sec-WebSocket-Protocol', 'chat']], end: true });
    });

    const { response, done } = await rig.ask({
      httpMethod: 'POST',
      path: '/.sallyport/socket',
      headers: { Origin: [`https://${rig.host}`], 'Content-Type': ['application/json'] },
      body: JSON.stringify({ url: `wss://${rig.host}/live`, protocols: ['chat'] }),
    });
    await done;

    expect(JSON.parse(response.body().toString())).toMatchObject({ protocol: 'chat', tunnel: 'tunnel-b=' });
    expect(asked(rig)).toEqual(['tunnel-a=', 'tunnel-b=']);
  });

  test.each(UNREACHED)(
    'an upload begins at the connector that reaches the application, and the next one there at once: %s',
    async (failure) => {
      const uploads = playUploads();
      const rig = withTwo(failUnsent(failure), uploads.behaviour);
      rig.applications[0] = application({ bigUploads: 'on' });
      const cookie = rig.signIn();

      const begun = await rig.answer(beginning(cookie));
      const part = await rig.answer(parting(cookie, begun.header('Location')!, 0, 'abcdefghijkl'));
      await rig.answer(beginning(cookie));

      expect([begun.status, part.status]).toEqual([201, 204]);
      expect(asked(rig)).toEqual(['tunnel-a=', 'tunnel-b=', 'tunnel-b=']);
      expect(uploads.body(rig.requests()[1]!.exchange)).toBe('abcdefghijkl');
    },
  );

  test('an upload that no connector can begin is told why', async () => {
    const rig = withTwo(failUnsent('ERR_ORIGIN_UNREACHABLE'), failUnsent('ERR_ORIGIN_NOT_ALLOWED'));
    rig.applications[0] = application({ bigUploads: 'on' });

    expect(codeOf(await rig.answer(beginning(rig.signIn())))).toBe('ERR_ORIGIN_UNREACHABLE');
  });
});

describe('what is remembered', () => {
  const at = (openedAt: number) => ({ connector: 'a', openedAt });

  test('ends with an answer, and with a tunnel that was opened since', () => {
    let now = 1_000;
    const reach = createReach({ now: () => now });
    reach.failed('a', 'http://x');
    now += 1;

    expect([reach.doubted(at(1_000), 'http://x'), reach.doubted(at(1_001), 'http://x'), reach.doubted(at(0), 'http://y')]).toEqual([
      true,
      false,
      false,
    ]);
    reach.worked('a', 'http://x');
    expect(reach.doubted(at(0), 'http://x')).toBe(false);
  });

  test('is bounded, the latest kept', () => {
    const reach = createReach({ now: () => 0 });
    for (let index = 0; index < 5_000; index += 1) reach.failed('a', `http://x${index}`);

    const kept = Array.from({ length: 5_000 }, (_, index) => reach.doubted(at(0), `http://x${index}`));

    expect(kept.filter(Boolean)).toHaveLength(1_000);
    expect(kept.at(-1)).toBe(true);
  });
});
