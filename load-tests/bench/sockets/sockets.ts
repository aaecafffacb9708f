// Part 7: bulk over a WebSocket: 10 MB to an origin and back, directly, through the whole path by the product's own client, and through the hops
// alone. Rounds are interleaved and medians reported.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { SOCKET_CLIENT_PAYLOAD_BYTES } from '../../../protocol/limits.ts';
import type { Kind } from '../../../protocol/socket-payload.ts';
import { sessionCookie } from '../../../test/support/user.ts';
import { openUserSocket } from '../../../test/support/user-socket.ts';
import { startWorld, type World } from '../../../test/support/world.ts';
import { median } from '../load.ts';
import { startOrigin } from '../processes.ts';
import { type Hops, startHops } from './hops.ts';

const KILOBYTE = 1024;
const MEGABYTE = 1024 * KILOBYTE;
export const BYTES = 10 * MEGABYTE;
const SHAPES: ReadonlyArray<{ readonly kind: Kind; readonly messageBytes: number }> = [
  { kind: 'binary', messageBytes: 64 * KILOBYTE },
  { kind: 'text', messageBytes: 64 * KILOBYTE },
  { kind: 'binary', messageBytes: KILOBYTE },
  { kind: 'text', messageBytes: 10 * MEGABYTE },
];

export interface Bulk {
  readonly kind: Kind;
  readonly messageBytes: number;
  readonly directMs: number;
  readonly hopsMs: number;
  readonly throughMs: number;
  /** Messages on the bill and runs of functions, for one echo. */
  readonly messages: number;
  readonly invocations: number;
}

interface Line {
  send(data: Uint8Array, kind: Kind): void;
  listen(heard: (data: Uint8Array) => void): void;
  close(): void;
}

export const measureSockets = async (rounds: number): Promise<Bulk[]> => {
  const ends: Array<() => Promise<void>> = [];
  try {
    const origin = await startOrigin();
    ends.push(origin.dispose);
    const hops = await startHops();
    ends.push(hops.dispose);
    const world = await startWorld('--publish', `bench=${origin.url}/`, '--pace', 'off');
    ends.push(world.dispose);
    return await measure(rounds, origin.url, hops, world);
  } finally {
    for (const end of ends.reverse()) await end();
  }
};

const measure = async (rounds: number, origin: string, hops: Hops, world: World): Promise<Bulk[]> => {
  const cookie = await sessionCookie(world, 'bob', 'bench');
  const url = new URL('/echo', world.url('bench')).href;
  const direct = () => dialOrigin(`${origin}/echo`);
  const through = () => dialThrough(url, cookie);

  // Environments and connections are there, code is compiled.
  for (const dial of [direct, through]) await echo(dial, SHAPES[0]!);
  await hops.echo(BYTES);

  const measured: Bulk[][] = SHAPES.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [at, shape] of SHAPES.entries()) {
      const directMs = await echo(direct, shape);
      const hopsMs = await hops.echo(BYTES);
      const before = await metered(world);
      const throughMs = await echo(through, shape);
      const after = await metered(world);
      measured[at]!.push({
        ...{ ...shape, directMs, hopsMs, throughMs },
        messages: after['websocket-messages'] - before['websocket-messages'],
        invocations: after.invocations - before.invocations,
      });
    }
  }
  return measured.map((all, at) => {
    const of = (pick: (one: Bulk) => number) => median(all.map(pick));
    return {
      ...SHAPES[at]!,
      directMs: of((one) => one.directMs),
      hopsMs: of((one) => one.hopsMs),
      throughMs: of((one) => one.throughMs),
      messages: of((one) => one.messages),
      invocations: of((one) => one.invocations),
    };
  });
};

const metered = async (world: World) =>
  (await world.control<{ totals: Readonly<Record<'websocket-messages' | 'invocations', number>> }>('GET', '/meter')).totals;

const dialOrigin = async (url: string): Promise<Line> => {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'open');
  return {
    send: (data, kind) => socket.send(data, { binary: kind === 'binary' }),
    listen: (heard) => void socket.on('message', (data) => heard(data as Buffer)),
    close: () => socket.close(),
  };
};

const dialThrough = async (url: string, cookie: string): Promise<Line> => {
  // As a page sends, whose messages are one frame each.
  const socket = await openUserSocket(url, { cookie, origin: new URL(url).origin }, { payload: SOCKET_CLIENT_PAYLOAD_BYTES });
  return { send: socket.send, listen: socket.listen, close: () => socket.close(1000, '') };
};

/** Throws when what comes back is not what was sent. */
const echo = async (dial: () => Promise<Line>, { kind, messageBytes }: (typeof SHAPES)[number]): Promise<number> => {
  const line = await dial();
  const messages = Array.from({ length: BYTES / messageBytes }, (_, n) => Buffer.alloc(messageBytes, `${n} `));
  try {
    return await new Promise<number>((resolve, reject) => {
      let back = 0;
      const from = performance.now();
      line.listen((data) => {
        if (!messages[back]?.equals(data)) return reject(new Error(`Message ${back} came back as another.`));
        back += 1;
        if (back === messages.length) resolve(performance.now() - from);
      });
      for (const message of messages) line.send(message, kind);
    });
  } finally {
    line.close();
  }
};
