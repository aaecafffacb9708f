// A WebSocket from the user's side to the origin's, both as they are, over a network that loses, doubles, delays and reorders what it carries,
// and whose connections end at any time.
import { expect, test } from '@jest/globals';
import { Ledger } from '../../connector/ledger.ts';
import type { MessageKind, OriginSocket, OriginSocketListener } from '../../connector/ports.ts';
import { Sockets } from '../../connector/sockets.ts';
import { createRelay } from '../../lambdas/sockets/relay.ts';
import type { WatchedSession } from '../../lambdas/sockets/session-watch.ts';
import { decode } from '../../protocol/codec.ts';
import { connectorSide, serviceSide } from '../../protocol/frame-keys.ts';
import type { RequestFrame } from '../../protocol/frames.ts';
import { SOCKET_CLIENT_PAYLOAD_BYTES, SOCKET_WINDOW_BYTES, WINDOW_BYTES } from '../../protocol/limits.ts';
import { createLog } from '../../protocol/log.ts';
import { SocketClient } from '../../protocol/socket-client.ts';
import type { LinkEvents } from '../../protocol/socket-connection.ts';
import { CALM, type Network, seeded } from '../support/joined.ts';

const KEY = new Uint8Array(32).fill(3);
const EXCHANGE = 'exchange-0000001';
const MINUTE = 60_000;

/** Time that passes only when nothing else is to be done: whatever waits longest happens next. */
const createTime = () => {
  const due: Array<{ at: number; act: () => void }> = [];
  let now = 0;
  const after = (ms: number, act: () => void): (() => void) => {
    const entry = { at: now + ms, act };
    due.push(entry);
    return () => {
      entry.act = () => undefined;
    };
  };
  const run = async (until: () => boolean, limitMs: number): Promise<void> => {
    while (!until() && now < limitMs && due.length > 0) {
      let next = 0;
      for (let at = 1; at < due.length; at += 1) if (due[at]!.at < due[next]!.at) next = at;
      if (due[next]!.at > limitMs) return;
      const [entry] = due.splice(next, 1);
      now = Math.max(now, entry!.at);
      entry!.act();
      await Promise.resolve();
      await new Promise((resume) => setImmediate(resume));
    }
  };
  return { now: () => now, after, run };
};

const join = ({ network, seed, linkMs = Number.POSITIVE_INFINITY }: { network: Network; seed: number; linkMs?: number }) => {
  const time = createTime();
  const random = seeded(seed);
  const log = createLog({ write: () => undefined });
  const messages = { up: 0, down: 0 };
  const across = (deliver: () => void): void => {
    if (random() < network.drop) return;
    for (let copies = random() < network.duplicate ? 2 : 1; copies > 0; copies -= 1) {
      time.after(random() < network.reorder ? 20 + random() * 400 : 20, deliver);
    }
  };

  /** What the relay was told of the session, and whether it is good still. */
  const session = { good: true, told: [] as Array<WatchedSession & { readonly used: boolean }> };
  const links = new Map<string, LinkEvents>();
  /** A link that died and of which nobody is told. */
  const dead = new Set<string>();
  const clock = { now: time.now, monotonic: time.now, after: time.after };
  const sockets = new Sockets({
    clock,
    ledger: new Ledger(1 << 30),
    limit: 100,
    log,
    post: async (text, replyTo) => {
      messages.down += 1;
      if (!links.has(replyTo)) return 'gone';
      if (dead.has(replyTo)) return 'delivered';
      across(() => links.get(replyTo)?.message(text));
      return 'delivered';
    },
  });

  let listener: OriginSocketListener;
  const atOrigin: Array<readonly [string, MessageKind]> = [];
  const closedAtOrigin: number[] = [];
  let begun = '';
  const socket: OriginSocket = {
    listen: (given) => {
      listener = given;
    },
    send: (data, kind, more, taken) => {
      begun += Buffer.from(data).toString();
      if (!more) {
        atOrigin.push([begun, kind]);
        begun = '';
      }
      time.after(1, taken);
    },
    close: (code, reason) => {
      closedAtOrigin.push(code);
      listener.closed(code, reason);
    },
    terminate: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
  };
  const upgrade = { protocols: [], maxAgeMs: 24 * 60 * MINUTE, idleMs: 24 * 60 * MINUTE };
  sockets.reserve(EXCHANGE, 'http://chat.corp', undefined);
  sockets.adopt({ exchange: EXCHANGE, application: 'chat', user: 'bob', upgrade } as unknown as RequestFrame, connectorSide(KEY), socket);

  const relay = createRelay({
    post: async (tunnel, text) => {
      if (tunnel !== 'tunnel-1') return 'gone';
      messages.up += 1;
      across(() => sockets.accept(decode(text, (exchange) => sockets.keyOf(exchange))));
      return 'posted';
    },
    frameKeyOf: async ({ keysApart }) => (keysApart ? serviceSide(KEY) : KEY),
    registry: { tunnels: async () => [] },
    sockets: { remove: async () => undefined },
    keepSession: async (watched, used) => {
      session.told.push({ ...watched, used });
      return session.good;
    },
    log,
  });

  let made = 0;
  const grant = () => ({
    ...{ connect: `wss://reply/${made}`, exchange: EXCHANGE, resume: 'resume', tunnel: 'tunnel-1', protocol: '' },
    ...{ window: SOCKET_WINDOW_BYTES, payload: SOCKET_CLIENT_PAYLOAD_BYTES, buffer: WINDOW_BYTES },
  });
  const person = { acts: false };
  const heard: Array<readonly [string, MessageKind]> = [];
  const ended: Array<readonly [number, string]> = [];
  const client = new SocketClient(
    {
      ask: async () => (session.good ? grant() : { status: 401, problem: 'ERR_SESSION_ENDED' }),
      dial: (_url, events) => {
        const id = `link-${made}`;
        const link = made;
        made += 1;
        const authorizer = {
          ...{ exchange: EXCHANGE, connector: 'c', group: 'g', tunnel: 'tunnel-1', keysApart: 'true', link: String(link) },
          ...{ session: 's', parent: 'p', idle: String(60 * MINUTE) },
        };
        const end = () => {
          if (!links.delete(id)) return;
          events.closed();
          void relay({ requestContext: { routeKey: '$disconnect', connectionId: id, authorizer } });
        };
        time.after(20, () => {
          links.set(id, events);
          events.opened();
        });
        if (Number.isFinite(linkMs)) time.after(linkMs * (0.5 + random()), end);
        return {
          send: (body) => {
            if (dead.has(id)) return;
            const relayed = async () => {
              const { body: said } = await relay({ requestContext: { routeKey: '$default', connectionId: id, authorizer }, body });
              if (said !== undefined) across(() => links.get(id)?.message(said));
            };
            time.after(0, () => void relayed());
          },
          close: end,
        };
      },
      after: time.after,
      now: time.now,
      used: () => person.acts,
    },
    {
      opened: () => undefined,
      message: (data, kind) => heard.push([Buffer.from(data).toString(), kind]),
      closed: (code, reason) => ended.push([code, reason]),
      sent: () => undefined,
    },
  );
  return {
    time,
    client,
    heard,
    ended,
    atOrigin,
    closedAtOrigin,
    messages,
    killInSilence: () => {
      for (const id of links.keys()) dead.add(id);
    },
    session,
    person,
    say: (text: string, kind: MessageKind) => listener.message(Buffer.from(text), kind, false),
  };
};

const ROUGH: Network = { drop: 0.01, duplicate: 0.05, reorder: 0.5 };
const MANY = 100_000;
const numbered = (count: number) => Array.from({ length: count }, (_, n) => [`${n}`, n % 3 === 0 ? 'binary' : 'text'] as const);

test('100,000 messages each way arrive once and in their order', async () => {
  const { time, client, heard, atOrigin, say } = join({ network: ROUGH, seed: 7, linkMs: 5_000 });
  await client.open('wss://chat/', []);
  for (const [text, kind] of numbered(MANY)) {
    client.send(Buffer.from(text), kind);
    say(text, kind);
  }

  await time.run(() => heard.length >= MANY && atOrigin.length >= MANY, 60 * MINUTE);

  expect(atOrigin).toEqual(numbered(MANY));
  expect(heard).toEqual(numbered(MANY));
}, 300_000);

test('a large message is split and joined again, both ways', async () => {
  const { time, client, heard, atOrigin, say } = join({ network: ROUGH, seed: 3 });
  const large = 'a line of some length\n'.repeat(30_000);
  await client.open('wss://chat/', []);
  client.send(Buffer.from(large), 'text');
  say(large, 'text');

  await time.run(() => heard.length > 0 && atOrigin.length > 0, 10 * MINUTE);

  expect([atOrigin[0]?.[0] === large, heard[0]?.[0] === large]).toEqual([true, true]);
});

test('a close goes through after everything that was sent before it', async () => {
  const { time, client, atOrigin, closedAtOrigin, ended } = join({ network: ROUGH, seed: 5, linkMs: 300 });
  await client.open('wss://chat/', []);
  for (const [text, kind] of numbered(500)) client.send(Buffer.from(text), kind);
  client.close(3001, 'done');

  await time.run(() => ended.length > 0, 10 * MINUTE);

  expect(atOrigin).toEqual(numbered(500));
  expect([closedAtOrigin, ended]).toEqual([[3001], [[3001, 'done']]]);
});

test('nothing is sent for nothing: an idle hour costs no message, and many small ones share a frame', async () => {
  const { time, client, atOrigin, messages } = join({ network: CALM, seed: 1 });
  await client.open('wss://chat/', []);
  for (const [text, kind] of numbered(200)) client.send(Buffer.from(text), kind);
  await time.run(() => atOrigin.length === 200, MINUTE);
  await time.run(() => false, 60 * MINUTE);

  // One with two hundred messages, one receipt.
  expect(messages).toEqual({ up: 1, down: 1 });
});

test('the relay knows of each message whether a person did something', async () => {
  const { time, client, person, session, atOrigin } = join({ network: CALM, seed: 2 });
  await client.open('wss://chat/', []);
  client.send(Buffer.from('a heartbeat'), 'text');
  await time.run(() => atOrigin.length === 1, MINUTE);
  person.acts = true;
  client.send(Buffer.from('what was typed'), 'text');

  await time.run(() => atOrigin.length === 2, MINUTE);

  const told = { id: 's', parent: 'p', idleMs: 60 * MINUTE };
  expect(session.told.filter(({ used }) => used)).toEqual([{ ...told, used: true }]);
  expect(session.told[0]).toEqual({ ...told, used: false });
});

test('a session that has ended carries nothing more, and the page is told why', async () => {
  const { time, client, session, ended, atOrigin } = join({ network: CALM, seed: 4 });
  await client.open('wss://chat/', []);
  client.send(Buffer.from('in time'), 'text');
  await time.run(() => atOrigin.length === 1, MINUTE);
  session.good = false;
  client.send(Buffer.from('too late'), 'text');

  await time.run(() => ended.length > 0, 5 * MINUTE);

  expect(ended).toEqual([[1008, 'ERR_SESSION_ENDED']]);
  expect(atOrigin).toEqual([['in time', 'text']]);
});

test('a connection that died in silence is replaced within a minute of a message that goes unheard', async () => {
  const { time, client, killInSilence, atOrigin, heard, say } = join({ network: CALM, seed: 6 });
  await client.open('wss://chat/', []);
  client.send(Buffer.from('before'), 'text');
  await time.run(() => atOrigin.length === 1, MINUTE);
  killInSilence();
  const from = time.now();
  client.send(Buffer.from('after'), 'text');
  say('answer', 'text');

  await time.run(() => atOrigin.length === 2 && heard.length === 1, from + MINUTE);

  expect([atOrigin, heard]).toEqual([
    [
      ['before', 'text'],
      ['after', 'text'],
    ],
    [['answer', 'text']],
  ]);
});
