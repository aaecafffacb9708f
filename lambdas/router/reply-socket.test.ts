import { describe, expect, test } from '@jest/globals';
import { SallyportError } from '../../protocol/errors.ts';
import { createLog } from '../../protocol/log.ts';
import { ReplySocket } from './reply-socket.ts';
import { createManualClock, turn } from './testing/manual-clock.ts';
import { createReplyApi } from './testing/reply-api.ts';

const MINUTE = 60_000;

const prepare = ({ ticket = async () => 'a.ticket' }: { ticket?: () => Promise<string> } = {}) => {
  const clock = createManualClock();
  const api = createReplyApi();
  const lines: Array<Record<string, unknown>> = [];
  const log = createLog({ write: (line) => lines.push(JSON.parse(line)), now: clock.now });
  const socket = new ReplySocket({ url: 'wss://reply.example.com/v1', dial: api.dial, ticket, clock, log });
  const events: string[] = [];
  const attend = (exchange = 'exchange-1') =>
    socket.attend(exchange, {
      key: new Uint8Array(32),
      frame: () => events.push('frame'),
      interrupted: () => events.push('interrupted'),
      moved: (replyTo) => events.push(`moved to ${replyTo}`),
      lost: (error) => events.push(`lost: ${error.code}`),
    });
  return { clock, api, lines, socket, events, attend };
};

test('dials once with a ticket, learns its connection id, and answers it from then on', async () => {
  const { api, socket } = prepare();

  const addresses = await Promise.all([socket.address(), socket.address()]);

  expect(addresses).toEqual(['reply-1=', 'reply-1=']);
  expect(api.dialled).toEqual(['wss://reply.example.com/v1?ticket=a.ticket']);
  expect(api.heard).toEqual(['{"type":"whoami"}']);
});

describe('when it was idle', () => {
  test('up to twenty seconds it is trusted', async () => {
    const { clock, api, socket } = prepare();
    await socket.address();

    await clock.advance(20_000);
    await socket.address();

    expect(api.heard).toHaveLength(1);
  });

  test('then it is probed, without anyone waiting for that', async () => {
    const { clock, api, socket } = prepare();
    await socket.address();

    await clock.advance(20_001);
    const address = await socket.address();
    await clock.advance(10_000);

    expect(address).toBe('reply-1=');
    expect(api.heard).toHaveLength(2);
    expect(api.dialled).toHaveLength(1);
  });

  test('one that does not answer the probe is replaced, and the running exchange told', async () => {
    const { clock, api, socket, events, attend } = prepare();
    await socket.address();
    await clock.advance(MINUTE);
    api.mute('reply-1=');

    await socket.address();
    attend();
    await clock.advance(999);
    const before = [...events];
    await clock.advance(1);

    expect(before).toEqual([]);
    expect(events).toEqual(['interrupted', 'moved to reply-2=']);
    expect(await socket.address()).toBe('reply-2=');
  });

  test('after nine and a half minutes API Gateway has closed it: a new one is opened at once', async () => {
    const { clock, socket } = prepare();
    await socket.address();

    await clock.advance(9.5 * MINUTE + 1);

    expect(await socket.address()).toBe('reply-2=');
  });

  test('a freeze does not eat the probe’s deadline up: what has arrived meanwhile is read first', async () => {
    const frozen = createManualClock();
    let now = frozen.now();
    const due: Array<() => void> = [];
    const clock = {
      now: () => now,
      after: (_: number, callback: () => void) => {
        due.push(callback);
        return () => undefined;
      },
    };
    const api = createReplyApi();
    const socket = new ReplySocket({
      url: 'wss://x',
      dial: api.dial,
      ticket: async () => 't',
      clock,
      log: createLog({ write: () => undefined }),
    });
    await socket.address();
    socket.probe();
    now += 10 * MINUTE;

    due.at(-1)!();
    await turn();

    expect(api.connections()).toEqual(['reply-1=']);
  });
});

describe('when it is lost', () => {
  test('without an exchange, the next one opens a new one', async () => {
    const { api, socket } = prepare();
    await socket.address();

    api.close('reply-1=');
    await turn();
    const dialledWhileIdle = api.dialled.length;

    expect(dialledWhileIdle).toBe(1);
    expect(await socket.address()).toBe('reply-2=');
  });

  test('with an exchange, at once', async () => {
    const { api, socket, events, attend } = prepare();
    await socket.address();
    attend();

    api.close('reply-1=');
    await turn();

    expect(events).toEqual(['interrupted', 'moved to reply-2=']);
  });

  test('an exchange that is over is told nothing', async () => {
    const { api, socket, events, attend } = prepare();
    await socket.address();
    attend()();
    attend('exchange-2');

    api.close('reply-1=');
    await turn();

    expect(events).toHaveLength(2);
  });

  test('what cannot be opened in three attempts is ERR_REPLY_CHANNEL', async () => {
    const { clock, api, socket, events, attend } = prepare();
    await socket.address();
    attend();
    api.refuse = true;

    api.close('reply-1=');
    await clock.advance(1_000);

    expect(events).toEqual(['interrupted', 'lost: ERR_REPLY_CHANNEL']);
    expect(api.dialled).toHaveLength(4);
  });
});

test('it is replaced before two hours are over, when the next request needs it', async () => {
  const { clock, socket } = prepare();
  await socket.address();
  for (let minute = 0; minute < 105; minute += 5) {
    await clock.advance(5 * MINUTE);
    await socket.address();
    await turn();
  }

  await clock.advance(1);

  expect(await socket.address()).toBe('reply-2=');
});

describe('when it cannot be opened', () => {
  test('the first request gets ERR_REPLY_CHANNEL, a later one another chance', async () => {
    const { clock, api, socket } = prepare();
    api.refuse = true;
    const first = socket.address().catch((error: unknown) => error);
    await clock.advance(1_000);
    api.refuse = false;

    expect(await first).toMatchObject({ code: 'ERR_REPLY_CHANNEL' });
    expect(await socket.address()).toBe('reply-4=');
  });

  test('a socket that opens but never says who we are is given up', async () => {
    const { clock, api, socket } = prepare();
    for (let id = 1; id <= 3; id += 1) api.mute(`reply-${id}=`);

    const asked = socket.address().catch((error: unknown) => error);
    await clock.advance(13_000);

    expect(await asked).toMatchObject({ code: 'ERR_REPLY_CHANNEL' });
    expect(api.connections()).toEqual([]);
  });

  test('a secret that cannot be read keeps its own code', async () => {
    const { clock, socket } = prepare({
      ticket: () => Promise.reject(new SallyportError('ERR_STORE_UNAVAILABLE', 'Secret x cannot be read.')),
    });

    const asked = socket.address().catch((error: unknown) => error);
    await clock.advance(1_000);

    expect(await asked).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  });

  test('the log never has the ticket', async () => {
    const { clock, api, socket, lines } = prepare();
    api.refuse = true;
    socket.address().catch(() => undefined);

    await clock.advance(1_000);

    expect(lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(lines)).not.toContain('a.ticket');
  });
});
