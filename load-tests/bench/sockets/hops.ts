// The hops' own time for an echo: as many messages of the same sizes as it takes at least, as many under way at once, between two clients of the
// least world. Nothing is sealed, checked, put in order or allowed.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { WebSocket } from 'ws';
import { createPostSigner } from '../../../connector/post-signature.ts';
import { POSTS_MAX } from '../../../connector/sender.ts';
import {
  FRAME_MAX_BYTES,
  FRAME_OVERHEAD_BYTES,
  PAYLOAD_MAX_BYTES,
  SOCKET_CLIENT_PAYLOAD_BYTES,
  SOCKET_WINDOW_BYTES,
} from '../../../protocol/limits.ts';
import type { BareWorld } from './bare-world.ts';

const START_MS = 120_000;
/** Messages of a user that run a function at once: what the window lets through. */
const UP_AT_ONCE = Math.ceil(SOCKET_WINDOW_BYTES / SOCKET_CLIENT_PAYLOAD_BYTES);
const UP_CHARACTERS = (SOCKET_CLIENT_PAYLOAD_BYTES / 3) * 4;

export interface Hops {
  /** Milliseconds for so many bytes there and back. */
  echo(bytes: number): Promise<number>;
  dispose(): Promise<void>;
}

export const startHops = async (): Promise<Hops> => {
  const child = fork(fileURLToPath(new URL('./bare-world.ts', import.meta.url)), { execArgv: ['--no-warnings', '--import', 'tsx'] });
  const ended = once(child, 'exit');
  const dispatcher = new Agent();
  const links: WebSocket[] = [];
  const dispose = async () => {
    for (const link of links) link.terminate();
    await dispatcher.destroy();
    if (child.connected) child.disconnect();
    await ended;
  };
  try {
    const [world] = (await once(child, 'message', { signal: AbortSignal.timeout(START_MS) })) as [BareWorld];
    const dial = async (): Promise<Named> => {
      const link = new WebSocket(world.connect, { perMessageDeflate: false });
      links.push(link);
      await once(link, 'open');
      link.send('\n');
      const [id] = await once(link, 'message');
      return { link, id: String(id) };
    };
    const [user, other] = [await dial(), await dial()];
    return { echo: (bytes) => echo(bytes, user, other, poster(world, dispatcher)), dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
};

interface Named {
  readonly link: WebSocket;
  readonly id: string;
}

type Post = (connection: string, text: string) => Promise<void>;

const poster = ({ endpoint, credentials }: BareWorld, dispatcher: Agent): Post => {
  const { origin, host, pathname } = new URL(endpoint);
  const sign = createPostSigner(host, 'us-east-1', credentials, Date.now);
  return async (connection, text) => {
    const path = `${pathname.replace(/\/$/, '')}/@connections/${encodeURIComponent(connection)}`;
    const { statusCode, body } = await request(origin + path, { method: 'POST', headers: sign(path, text), body: text, dispatcher });
    await body.dump();
    if (statusCode !== 200) throw new Error(`A post was answered ${statusCode}.`);
  };
};

const echo = (bytes: number, user: Named, other: Named, post: Post): Promise<number> =>
  new Promise((resolve, reject) => {
    const ups = Math.ceil(bytes / SOCKET_CLIENT_PAYLOAD_BYTES);
    const downs = Math.ceil(bytes / PAYLOAD_MAX_BYTES);
    const there = `${other.id}\n${'x'.repeat(UP_CHARACTERS)}`;
    const back = 'x'.repeat(FRAME_MAX_BYTES - FRAME_OVERHEAD_BYTES);
    const from = performance.now();
    let [sent, arrived, posted, posting, returned] = [0, 0, 0, 0, 0];

    const send = () => {
      for (; sent < ups && sent - arrived < UP_AT_ONCE; sent += 1) user.link.send(there);
    };
    const answer = () => {
      const due = arrived === ups ? downs : Math.floor((arrived * SOCKET_CLIENT_PAYLOAD_BYTES) / PAYLOAD_MAX_BYTES);
      while (posted < due && posting < POSTS_MAX) {
        posted += 1;
        posting += 1;
        post(user.id, back).then(() => {
          posting -= 1;
          answer();
        }, reject);
      }
    };
    const atOther = () => {
      arrived += 1;
      send();
      answer();
    };
    const atUser = () => {
      returned += 1;
      if (returned < downs) return;
      other.link.off('message', atOther);
      user.link.off('message', atUser);
      resolve(performance.now() - from);
    };
    other.link.on('message', atOther);
    user.link.on('message', atUser);
    send();
  });
