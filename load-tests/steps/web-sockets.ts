// A visitor of the sample site's chat, by the product's own client: API Gateway upgrades no request of a REST API, so that no engine of Artillery
// could open a WebSocket there. Each line goes the whole way to the site, which tells it to all visitors; every visitor checks order and gaps.
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import { WebSocket } from 'ws';
import { openSocket, type ProgramSocket, type SocketNetwork } from '../../cli/web-socket.ts';
import { type Context, type Events, measured, setting } from './events.ts';

const LINES = 40;
const PAUSE_MS = 250;
/** Lines that were said and not heard yet: a slow machine is asked less. */
const UNDER_WAY_MAX = 2;
const HANDSHAKE_MS = 20_000;
/** Longer than it takes to replace a connection or a tunnel. */
const SILENCE_MAX_MS = 60_000;
/** Other visitors' words are none of ours. */
const LINE = /^load test (\S+) (\d+)$/;

export const chat = async (_: Context, events: Events): Promise<void> => {
  const me = randomUUID();
  const url = `${setting('LOAD_TARGET').replace(/^http/, 'ws')}/chat/live`;
  const socket = await measured(events, 'socket.open', () => openSocket({ url, protocols: [] }, network));
  try {
    await talk(socket, me, events);
  } finally {
    socket.close(1000, '');
  }
  const { code, why } = await socket.closed;
  if (code !== 1000) throw new Error(`closed with ${code} ${why}`);
  events.emit('counter', 'socket.closed', 1);
};

const talk = async (socket: ProgramSocket, me: string, events: Events): Promise<void> => {
  const saidAt: number[] = [];
  const next = new Map<string, number>([[me, 0]]);
  const hearing = new EventEmitter();
  const fail = (why: string) => hearing.emit('error', new Error(why));
  // A fault is told where it is waited for.
  let fault: unknown = null;
  hearing.on('error', (error) => (fault ??= error));
  socket.listen((data) => {
    const [, who, digits] = LINE.exec(JSON.parse(Buffer.from(data).toString()).text) ?? [];
    if (who === undefined) return;
    const n = Number(digits);
    const expected = next.get(who) ?? n;
    if (n !== expected) fail(`a line came out of order: ${n} for ${expected}`);
    next.set(who, n + 1);
    if (who !== me) return;
    events.emit('histogram', 'socket.round_trip', performance.now() - saidAt[n]!);
    events.emit('counter', 'socket.heard', 1);
    hearing.emit('line');
  });
  void socket.closed.then(({ code, why }) => fail(`closed with ${code} ${why}`));
  const heard = async (lines: number) => {
    const silence = setTimeout(() => fail(`only ${next.get(me)} of ${LINES} lines were heard`), SILENCE_MAX_MS);
    try {
      while (fault === null && next.get(me)! < lines) await once(hearing, 'line');
    } finally {
      clearTimeout(silence);
    }
    if (fault !== null) throw fault;
  };
  for (let n = 0; n < LINES; n += 1) {
    await heard(n + 1 - UNDER_WAY_MAX);
    saidAt.push(performance.now());
    socket.send(Buffer.from(`load test ${me} ${n}`), 'text');
    events.emit('counter', 'socket.said', 1);
    await wait(PAUSE_MS);
  }
  await heard(LINES);
};

/** As a page of the application asks: with the user's session. */
const network: SocketNetwork = {
  ask: async (address, body) => {
    const headers = { cookie: setting('LOAD_COOKIE'), origin: setting('LOAD_TARGET'), 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(HANDSHAKE_MS);
    const answer = await request(address, { method: 'POST', headers, body, signal });
    return { status: answer.statusCode, text: await answer.body.text() };
  },
  dial: (address) => new WebSocket(address, { perMessageDeflate: false, handshakeTimeout: HANDSHAKE_MS }),
};
