// The least that a connector of this protocol can do with the same libraries: opens a frame, asks the origin, seals the whole answer as one
// frame, signs and posts it. No check, no log, no retry, no flow control, nothing kept. What Sallyport's connector costs above it is its own.
import { once } from 'node:events';
import { Agent, request } from 'undici';
import { WebSocket } from 'ws';
import { createPostSigner } from '../../connector/post-signature.ts';
import { decode, encode } from '../../protocol/codec.ts';
import { type RequestFrame, SUBPROTOCOL } from '../../protocol/frames.ts';

/** What the benchmark sends first. */
export interface LeastOrder {
  readonly tunnelUrl: string;
  readonly replyEndpoint: string;
  /** Base64url. */
  readonly frameKey: string;
}

const CREDENTIALS = { accessKeyId: 'ASIABENCHMARK', secretAccessKey: 'a'.repeat(40), sessionToken: 't'.repeat(934) };
const CONNECTIONS = 256;

const [order] = (await once(process, 'message')) as [LeastOrder];
const key = Buffer.from(order.frameKey, 'base64url');
const dispatcher = new Agent({ connections: CONNECTIONS, pipelining: 1 });
const { origin: replyOrigin, host, pathname } = new URL(order.replyEndpoint);
const sign = createPostSigner(host, 'us-east-1', CREDENTIALS, Date.now);

const exchange = async (text: string): Promise<void> => {
  const { exchange: id, url, method, headers, replyTo } = decode(text, () => key).frame as RequestFrame;
  const answer = await request(url, { method: method as 'GET', headers: headers.flat(), dispatcher });
  const payload = new Uint8Array(await answer.body.arrayBuffer());
  const fields = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as const);
  const head = { type: 'response', exchange: id, n: 0, status: answer.statusCode, headers: fields, end: true } as const;
  const body = encode(head, key, payload);
  const path = `${pathname}/@connections/${encodeURIComponent(replyTo)}`;
  const posted = await request(replyOrigin + path, { method: 'POST', headers: sign(path, body), body, dispatcher });
  await posted.body.dump();
};

const socket = new WebSocket(order.tunnelUrl, [SUBPROTOCOL], { perMessageDeflate: false });
await once(socket, 'open');
socket.on('message', (data) => {
  const text = data.toString();
  // The welcome tells nothing that the order has not told.
  if (!text.startsWith('{"type":"welcome"')) void exchange(text);
  else process.send?.('ready');
});
socket.send(JSON.stringify({ type: 'hello', version: 'least' }));
process.on('message', () => process.send?.({ cpu: process.cpuUsage(), residentBytes: process.memoryUsage.rss() }));
process.once('disconnect', () => process.exit());
