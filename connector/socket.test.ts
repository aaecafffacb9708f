import { describe, expect, test } from '@jest/globals';
import { decode } from '../protocol/codec.ts';
import type { RequestFrame } from '../protocol/frames.ts';
import { FRAME_MAX_BYTES, SOCKET_PARTS_MAX } from '../protocol/limits.ts';
import { createLog } from '../protocol/log.ts';
import type { SocketFrame } from '../protocol/socket-frames.ts';
import { SocketInbound } from '../protocol/socket-inbound.ts';
import { Ledger } from './ledger.ts';
import type { OriginSocket, OriginSocketListener, PostResult } from './ports.ts';
import { Sockets } from './sockets.ts';
import { ManualClock } from './testing/manual-clock.ts';

const KEY = new Uint8Array(32).fill(3);
const EXCHANGE = 'exchange-0000001';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A WebSocket whose user is connected. */
const prepare = ({ memory = 1 << 24, slow = false } = {}) => {
  const ledger = new Ledger(memory);
  const clock = new ManualClock();
  const posted: SocketFrame[] = [];
  const texts: string[] = [];
  const payloads: Buffer[] = [];
  const replyTos: string[] = [];
  const answers: Array<(result: PostResult) => void> = [];
  const ended: string[] = [];
  const sent: Array<[bytes: number, more: boolean]> = [];
  const taking: Array<() => void> = [];
  const flow: string[] = [];
  const sockets = new Sockets({
    clock,
    ledger,
    limit: 100,
    log: createLog({ write: () => undefined }),
    post: (text, replyTo) => {
      const { frame, payload } = decode(text, () => KEY);
      texts.push(text);
      payloads.push(payload);
      replyTos.push(replyTo);
      if (frame.type === 'socket') posted.push(frame);
      return new Promise((resolve) => answers.push(resolve));
    },
  });
  let listener: OriginSocketListener | null = null;
  const origin: OriginSocket = {
    listen: (given) => {
      listener = given;
    },
    send: (data, _kind, more, taken) => {
      sent.push([data.length, more]);
      taking.push(taken);
      if (!slow) for (const take of taking.splice(0)) take();
    },
    close: () => undefined,
    terminate: () => ended.push('origin'),
    pause: () => flow.push('pause'),
    resume: () => flow.push('resume'),
  };
  const upgrade = { protocols: [], maxAgeMs: DAY, idleMs: DAY };
  sockets.reserve(EXCHANGE, 'http://chat.corp', undefined);
  sockets.adopt({ exchange: EXCHANGE, application: 'chat', user: 'bob', upgrade } as unknown as RequestFrame, KEY, origin);
  const link = { id: 'link-1', number: 0 };
  const accept = (frame: object, payload = Buffer.alloc(0)) =>
    sockets.accept({ frame: { exchange: EXCHANGE, ...frame } as never, payload, key: KEY });
  accept({ type: 'socket-receipt', received: 0, limit: 1 << 20, link });
  const say = (text: string | Buffer, more = false) => listener!.message(Buffer.from(text as string), 'text', more);
  return { clock, sockets, ledger, posted, texts, payloads, replyTos, answers, ended, sent, taking, flow, link, accept, say };
};

test('a user whose connection has ended is waited for a quarter of an hour, and no longer', async () => {
  const { clock, sockets, ended, link, accept } = prepare();
  accept({ type: 'socket-lost', link });

  await clock.pass(14 * MINUTE);
  expect([sockets.open, ended]).toEqual([1, []]);
  await clock.pass(2 * MINUTE);

  expect([sockets.open, ended]).toEqual([0, ['origin']]);
});

test('a process that ends tells the user first, after what the origin said before', async () => {
  const { sockets, posted, answers, say } = prepare();
  say('the last words');
  let closed = false;
  const closing = sockets.close().then(() => {
    closed = true;
  });

  answers[0]!('delivered');
  await new Promise((resume) => setImmediate(resume));
  expect([posted.map(({ parts, close }) => [parts.length, close?.code]), closed]).toEqual([
    [
      [1, undefined],
      [0, 1012],
    ],
    false,
  ]);
  answers[1]!('delivered');
  await closing;

  expect(sockets.open).toBe(0);
});

test('a process that ends waits for no user who is away, and not for ever for a post', async () => {
  const away = prepare();
  away.say('hello');
  away.answers[0]!('gone');
  await new Promise((resume) => setImmediate(resume));
  await away.sockets.close();
  const slow = prepare();

  const closing = slow.sockets.close();
  await slow.clock.pass(3_000);
  await closing;

  expect([away.sockets.open, slow.sockets.open]).toEqual([0, 0]);
});

test('messages of whatever size that come at once are all told, in frames that API Gateway takes', async () => {
  for (const bytes of [0, 1, 90, 380, 5_000]) {
    const { posted, texts, answers, say } = prepare();
    for (let n = 0; n < 700; n += 1) say(Buffer.alloc(bytes));
    for (let ended = 0; ended < answers.length; ended += 1) {
      answers[ended]!('delivered');
      await new Promise((resume) => setImmediate(resume));
    }

    expect(posted.flatMap(({ parts }) => parts).filter(([, , more]) => !more)).toHaveLength(700);
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(FRAME_MAX_BYTES);
  }
});

describe('posts of one WebSocket', () => {
  const LARGE = Buffer.from(Array.from({ length: 2_000_000 }, (_, at) => 97 + (at % 23)));
  const settled = () => new Promise((resume) => setImmediate(resume));

  test('are under way several at once, never more than eight, and what they bring is in order however they end', async () => {
    const { posted, payloads, answers, say } = prepare();
    const heard: Uint8Array[] = [];
    const inbound = new SocketInbound((data) => heard.push(data));
    say(LARGE);

    const most: number[] = [];
    const open = new Set(answers.keys());
    for (let at = 0; open.size > 0; at += 1) {
      most.push(open.size);
      // The last that was sent ends first, then the first, and so on.
      const ends = [...open][at % 2 === 0 ? open.size - 1 : 0]!;
      open.delete(ends);
      inbound.hold(ends, { parts: posted[ends]!.parts, payload: payloads[ends]!, close: undefined });
      while (inbound.ready) inbound.deliver();
      const known = answers.length;
      answers[ends]!('delivered');
      await settled();
      for (let n = known; n < answers.length; n += 1) open.add(n);
    }

    expect(Math.max(...most)).toBe(8);
    expect(heard.map((data) => Buffer.compare(data, LARGE))).toEqual([0]);
  });

  test('that found the user gone are made again over the next connection, once each, and the old ones count no more', async () => {
    const { posted, answers, replyTos, accept, say } = prepare();
    say(LARGE);
    expect(answers).toHaveLength(8);

    answers[3]!('gone');
    await settled();
    accept({ type: 'socket-receipt', received: 2, limit: 1 << 22, link: { id: 'link-2', number: 1 } });
    for (const n of [7, 0, 5, 1]) answers[n]!('delivered');
    await settled();

    expect(replyTos.slice(8)).toEqual(Array(8).fill('link-2'));
    expect(posted.slice(8).map(({ n }) => n)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('of a user who leaves meanwhile hold nothing once the user is given up, and end unheard', async () => {
    const { clock, ledger, sockets, answers, link, accept, say } = prepare();
    say(LARGE);
    accept({ type: 'socket-lost', link });
    await clock.pass(17 * MINUTE);
    const made = answers.length;

    expect([sockets.open, ledger.held]).toEqual([0, 0]);
    for (const answer of answers) answer('delivered');
    await settled();
    expect([ledger.held, answers.length]).toEqual([0, made]);
  });
});

describe('what a WebSocket holds is counted, and bounded', () => {
  const MEGABYTE = 1024 * 1024;
  const PART = Buffer.alloc(64 * 1024);

  test('messages of the origin that do not end: they go on to the user as they come, and wait no further than any others', () => {
    const { posted, ledger, flow, say } = prepare();

    for (let parts = 0; parts < 1_000 && !flow.includes('pause'); parts += 1) say(PART, true);

    expect(flow).toEqual(['pause']);
    expect(posted[0]!.parts).toEqual([['text', expect.any(Number), true]]);
    expect(ledger.held).toBeGreaterThan(MEGABYTE);
    expect(ledger.held).toBeLessThan(3 * MEGABYTE);
  });

  test.each([
    ['messages without a byte', '', false],
    ['messages of a byte', 'x', false],
    ['parts of a byte', 'x', true],
  ])('%s', (_, text, more) => {
    const { ledger, flow, say } = prepare();

    let messages = 0;
    for (; messages < 100_000 && !flow.includes('pause'); messages += 1) say(text, more);

    expect(flow).toEqual(['pause']);
    expect(messages).toBeLessThan(10_000);
    expect(ledger.held).toBeGreaterThan(MEGABYTE);
  });

  test('a connector that is full reads on only where nothing waits', () => {
    const { flow, say } = prepare({ memory: PART.length });
    say(PART);
    say(PART);
    say(PART);

    expect(flow).toEqual(['pause']);
  });

  test('what a user sends and the origin does not take; more than was allowed ends the WebSocket', () => {
    const { accept, ledger, sent, ended } = prepare({ slow: true });
    const part = Buffer.alloc(16 * 1024);
    const send = (n: number) => accept({ type: 'socket', n, parts: [['binary', part.length, true]], received: 0, limit: 1 << 20 }, part);

    for (let n = 0; n < 16; n += 1) send(n);
    expect([sent.length, ended, ledger.held]).toEqual([16, [], 256 * 1024 + 16 * 128]);
    send(16);

    expect([sent.length, ended]).toEqual([16, ['origin']]);
  });

  test('frames of a user that wait for an earlier one, small ones too', () => {
    const { accept, sent, ended } = prepare();
    const send = (n: number) => accept({ type: 'socket', n, parts: [['text', 1, false]], received: 0, limit: 1 << 20 }, Buffer.from('x'));

    for (let n = 1; n < 400 && ended.length === 0; n += 1) send(n);

    expect([sent, ended]).toEqual([[], ['origin']]);
  });

  test('messages without a byte as well, whether they wait for an earlier frame or for the origin', () => {
    const parts = Array.from({ length: SOCKET_PARTS_MAX }, () => ['text', 0, false]);
    const held = (slow: boolean, from: number) => {
      const { accept, ledger, ended } = prepare({ slow });
      for (let n = from; n < from + 200; n += 1) accept({ type: 'socket', n, parts, received: 0, limit: 1 << 20 });
      return [ledger.held, ended.length];
    };

    expect([held(true, 0), held(false, 1)]).toEqual(Array.from({ length: 2 }, () => [200 * SOCKET_PARTS_MAX * 128, 0]));
  });

  test('and frames that wait for an earlier one end it where the connector is full', () => {
    const { accept, ledger, sockets, ended } = prepare({ memory: MEGABYTE });
    const parts = Array.from({ length: SOCKET_PARTS_MAX }, () => ['text', 0, false]);

    for (let n = 1; n < 100; n += 1) accept({ type: 'socket', n, parts, received: 0, limit: 1 << 20 });

    expect([sockets.open, ledger.held, ended]).toEqual([0, 0, ['origin']]);
  });

  test('nothing, once the user has gone', async () => {
    const { clock, accept, say, ledger, sockets, link } = prepare();
    for (let parts = 0; parts < 20; parts += 1) say(PART, true);
    accept({ type: 'socket-lost', link });

    await clock.pass(17 * MINUTE);

    expect([sockets.open, ledger.held]).toEqual([0, 0]);
  });

  test('and what is kept for a user who is away goes when others need it', () => {
    const { accept, say, ledger, sockets, link, ended } = prepare({ memory: MEGABYTE });
    for (let parts = 0; parts < 20; parts += 1) say(PART, true);
    sockets.makeRoom();
    expect([sockets.open, ledger.full]).toEqual([1, true]);
    accept({ type: 'socket-lost', link });

    sockets.makeRoom();

    expect([sockets.open, ledger.held, ended]).toEqual([0, 0, ['origin']]);
  });
});
