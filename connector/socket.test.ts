import { expect, test } from '@jest/globals';
import { decode } from '../protocol/codec.ts';
import type { RequestFrame } from '../protocol/frames.ts';
import { createLog } from '../protocol/log.ts';
import type { SocketFrame } from '../protocol/socket-frames.ts';
import { Ledger } from './ledger.ts';
import type { OriginSocket, OriginSocketListener, PostResult } from './ports.ts';
import { Sockets } from './sockets.ts';
import { ManualClock } from './testing/manual-clock.ts';

const KEY = new Uint8Array(32).fill(3);
const EXCHANGE = 'exchange-0000001';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A WebSocket whose user is connected. */
const prepare = () => {
  const clock = new ManualClock();
  const posted: SocketFrame[] = [];
  const answers: Array<(result: PostResult) => void> = [];
  const ended: string[] = [];
  const sockets = new Sockets({
    clock,
    ledger: new Ledger(1 << 20),
    log: createLog({ write: () => undefined }),
    post: (text) => {
      const { frame } = decode(text, () => KEY);
      if (frame.type === 'socket') posted.push(frame);
      return new Promise((resolve) => answers.push(resolve));
    },
  });
  let listener: OriginSocketListener | null = null;
  const origin: OriginSocket = {
    listen: (given) => {
      listener = given;
    },
    send: (_data, _kind, _more, taken) => taken(),
    close: () => undefined,
    terminate: () => ended.push('origin'),
    pause: () => undefined,
    resume: () => undefined,
  };
  const upgrade = { protocols: [], maxAgeMs: DAY, idleMs: DAY };
  sockets.adopt({ exchange: EXCHANGE, application: 'chat', user: 'bob', upgrade } as unknown as RequestFrame, KEY, origin);
  const link = { id: 'link-1', number: 0 };
  const accept = (frame: object) => sockets.accept({ frame: { exchange: EXCHANGE, ...frame } as never, payload: Buffer.alloc(0) }, KEY);
  accept({ type: 'socket-receipt', received: 0, limit: 1 << 20, link });
  const say = (text: string) => listener!.message(Buffer.from(text), 'text');
  return { clock, sockets, posted, answers, ended, link, accept, say };
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
