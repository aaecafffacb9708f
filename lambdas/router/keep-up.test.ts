import { beforeEach, describe, expect, test } from '@jest/globals';
import { turn } from './testing/manual-clock.ts';
import { event } from './testing/records.ts';
import { type Behaviour, createRig, type Received } from './testing/rig.ts';

const MINUTE = 60_000;

let rig: ReturnType<typeof createRig>;
let cookie: string;

const idle = () => ({ parent: 'portal-session', idleMs: 30 * MINUTE, usedAt: rig.clock.now() });
const asks = async () => (await rig.answer({ headers: { Cookie: [cookie] } })).status;

beforeEach(() => {
  rig = createRig();
  cookie = rig.signIn(idle());
});

describe('that a session is used', () => {
  test('is noted once in a tenth of its idle time, whatever number of requests there is', async () => {
    for (let minute = 0; minute < 10; minute += 1) {
      await rig.clock.advance(MINUTE);
      await asks();
      await asks();
    }

    expect(rig.notes).toEqual(['portal-session', 'portal-session', 'portal-session']);
  });

  test('is noted once for all hosts together', async () => {
    const other = rig.signIn(idle());
    await rig.clock.advance(3 * MINUTE);

    await asks();
    await rig.answer({ headers: { Cookie: [other] } });

    expect(rig.notes).toEqual(['portal-session']);
  });

  test('is not noted where nothing ends by it', async () => {
    cookie = rig.signIn();
    await rig.clock.advance(50 * MINUTE);

    expect([await asks(), rig.notes]).toEqual([200, []]);
  });

  test('is not noted when a WebSocket that is open gets a new connection: API Gateway ended the last one, and nobody did anything', async () => {
    rig.behaviours.set('tunnel-a=', ({ frame }, reply) => {
      if (frame.type === 'request') reply({ type: 'response', exchange: frame.exchange, n: 0, status: 101, headers: [], end: true });
    });
    const post = async (body: object) => {
      const headers = { Cookie: [cookie], 'Content-Type': ['application/json'] };
      const answer = await rig.answer({ httpMethod: 'POST', path: '/.sallyport/socket', headers, body: JSON.stringify(body) });
      return JSON.parse(answer.body().toString());
    };
    const { resume } = await post({ url: `wss://${rig.host}/live` });
    await rig.clock.advance(10 * MINUTE);

    const again = await post({ resume, link: 1 });

    expect(again).toMatchObject({ resume });
    expect(rig.notes).toEqual([]);
  });

  test('costs no user an answer when it cannot be noted, and is tried again by the next request', async () => {
    await rig.clock.advance(3 * MINUTE);
    rig.failing.notes = new Error('throttled');
    expect(await asks()).toBe(200);

    rig.failing.notes = undefined;
    await asks();

    expect(rig.notes).toEqual(['portal-session']);
    expect(rig.logged('session.use-not-noted')).toHaveLength(1);
  });
});

describe('a session whose user is to be asked for anew', () => {
  beforeEach(() => {
    cookie = rig.signIn({ parent: 'portal-session', refreshAt: rig.clock.now() + 15 * MINUTE });
  });

  test('is left alone until it is time', async () => {
    await rig.clock.advance(15 * MINUTE - 1);
    await asks();

    expect(rig.refreshes).toEqual([]);
  });

  test('is asked for once by a hundred requests at once, none of which waits for more than that', async () => {
    await rig.clock.advance(15 * MINUTE);

    const statuses = await Promise.all(Array.from({ length: 100 }, asks));

    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(rig.refreshes).toEqual(['portal-session']);
  });

  test('that cannot be asked for goes on', async () => {
    await rig.clock.advance(15 * MINUTE);
    rig.failing.refreshes = new Error('denied');

    expect(await asks()).toBe(200);
    await rig.clock.advance(20_000);
    await asks();

    expect(rig.refreshes).toHaveLength(2);
    expect(rig.logged('session.refresh-not-asked')).toHaveLength(2);
  });
});

describe('an answer that takes long', () => {
  let send: (text: string) => void;
  const reply = ({ frame }: Received, answer: Parameters<Behaviour>[1]) => {
    if (frame.type !== 'request') return;
    let n = 1;
    answer({ type: 'response', exchange: frame.exchange, n: 0, status: 200, headers: [], end: false });
    send = (text) => answer({ type: 'body', exchange: frame.exchange, n: n++, end: false }, Buffer.from(text));
  };
  const open = async () => {
    rig.behaviours.set('tunnel-a=', reply);
    rig.begin(event({ headers: { Cookie: [cookie] } }));
    await turn();
  };
  const pass = async (minutes: number, each: () => void = () => undefined) => {
    for (let seconds = 0; seconds < minutes * 60; seconds += 4) {
      each();
      await rig.clock.advance(4_000);
    }
  };

  test('is use while bytes come', async () => {
    await open();

    await pass(7, () => send('an event'));

    expect(rig.notes).toHaveLength(2);
  });

  test('is none while nothing comes', async () => {
    await open();
    await pass(1);

    await pass(6);

    expect(rig.notes).toEqual([]);
  });
});
