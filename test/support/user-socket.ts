// A user's WebSocket without a browser: the product's own client over the `ws` package, as programs have it.
import { once } from 'node:events';
import type { LookupFunction } from 'node:net';
import { WebSocket } from 'ws';
import { openSocket, type ProgramSocket, type SocketNetwork } from '../../cli/web-socket.ts';
import { stranger } from './user.ts';

const ANSWER_MS = 20_000;
const LOOPBACK = { address: '127.0.0.1', family: 4 } as const;

const lookup: LookupFunction = (_host, options, done) =>
  options.all ? done(null, [LOOPBACK]) : done(null, LOOPBACK.address, LOOPBACK.family);

/** `url` is that of the WebSocket, with http for ws. Resolves when it is open. */
export const openUserSocket = (
  url: string,
  headers: Readonly<Record<string, string>>,
  sizes: Pick<SocketNetwork, 'payload'> = {},
): Promise<ProgramSocket> =>
  openSocket(
    { url: url.replace(/^http/, 'ws'), protocols: [] },
    {
      ...sizes,
      ask: async (address, body) => {
        const answer = await stranger.fetch(address, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body });
        return { status: answer.status, text: answer.body.toString() };
      },
      dial: (address) => new WebSocket(address, { perMessageDeflate: false, lookup }),
    },
  );

/** What the relay answers to a message that a client of ours would not send. */
export const tellRelay = async (url: string, headers: Readonly<Record<string, string>>, message: string): Promise<string> => {
  const answer = await stranger.fetch(new URL('/.sallyport/socket', url).href, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ url: url.replace(/^http/, 'ws') }),
  });
  const link = new WebSocket(JSON.parse(answer.body.toString()).connect, { perMessageDeflate: false, lookup });
  await once(link, 'open', { signal: AbortSignal.timeout(ANSWER_MS) });
  const heard = once(link, 'message', { signal: AbortSignal.timeout(ANSWER_MS) });
  link.send(message);
  const [data] = await heard;
  link.close();
  return String(data);
};
