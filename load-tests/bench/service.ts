// The service as a connector sees it, and no more than that, so that what is measured is the connector: a Tunnel API that posts request
// frames, a Reply API that takes the answers. Every answer is opened, and its seal and its length are checked.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Identity } from '../../connector/identity.ts';
import { createIdentity, sealWelcome } from '../../connector/testing/fake-service.ts';
import { decode, encode } from '../../protocol/codec.ts';
import { CODINGS } from '../../protocol/coding.ts';
import { SUBPROTOCOL } from '../../protocol/frames.ts';

const HOUR_MS = 3_600_000;
const EXCHANGE_MAX_MS = 60_000;
/** As a browser sends them. */
const HEADERS: ReadonlyArray<readonly [string, string]> = [
  ['Host', 'wiki.corp.example'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['Accept-Encoding', 'gzip, deflate, br'],
  ['Cookie', 'theme=dark; session=3f1c9b2a7d6e4c5f8a9b0c1d2e3f4a5b'],
];

export interface Service {
  readonly identity: Identity;
  /** Base64url. */
  readonly frameKey: string;
  readonly replyEndpoint: string;
  /** One exchange; resolves with the length of its answer's body. */
  exchange(url: string): Promise<number>;
  dispose(): Promise<void>;
}

export const startService = async (): Promise<Service> => {
  const frameKey = randomBytes(32);
  const waiting = new Map<string, { resolve: (bytes: number) => void; reject: (error: Error) => void; bytes: number }>();
  let tunnel: WebSocket | null = null;
  let connectionId = '';

  const replies = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.writeHead(200).end();
    const { frame, payload } = decode(Buffer.concat(chunks).toString(), () => frameKey);
    const asked = waiting.get(frame.exchange);
    if (!asked) return;
    asked.bytes += payload.length;
    if (frame.type === 'error') asked.reject(new Error(`${frame.code}: ${frame.message}`));
    else if ('end' in frame && frame.end) asked.resolve(asked.bytes);
  });
  const replyEndpoint = `http://127.0.0.1:${await listen(replies)}/live`;

  const tunnels = createServer();
  const identity = await createIdentity({ tunnelUrl: `ws://127.0.0.1:${await listen(tunnels)}/live` });
  const sockets = new WebSocketServer({ server: tunnels, handleProtocols: () => SUBPROTOCOL });
  sockets.on('connection', (socket) => {
    socket.on('message', async (data) => {
      const { type } = JSON.parse(data.toString()) as { type: string };
      if (type === 'hello') {
        connectionId = randomBytes(9).toString('base64url');
        const credentials = {
          accessKeyId: 'ASIABENCHMARK',
          secretAccessKey: randomBytes(30).toString('base64'),
          // As long as those of STS.
          sessionToken: randomBytes(700).toString('base64'),
          expiresAt: Date.now() + HOUR_MS,
        };
        const secrets = { connector: identity.connector, group: identity.group, frameKey: frameKey.toString('base64url') };
        const welcome = { ...secrets, replyEndpoint, region: 'us-east-1', credentials, applications: [] };
        const sealed = await sealWelcome(welcome, identity.sealingKey);
        socket.send(JSON.stringify({ type: 'welcome', now: Date.now(), connectionId, sealed }));
        tunnel = socket;
      }
      if (type === 'heartbeat') socket.send(JSON.stringify({ type: 'alive', now: Date.now() }));
      if (type === 'drain') socket.send('{"type":"drained","others":false}');
      if (type === 'probe') socket.send('{"type":"echo"}');
    });
  });

  return {
    identity,
    frameKey: frameKey.toString('base64url'),
    replyEndpoint,
    exchange: (url) =>
      new Promise((resolve, reject) => {
        if (!tunnel) throw new Error('There is no tunnel.');
        const exchange = randomBytes(16).toString('base64url');
        const timer = setTimeout(() => settle(() => reject(new Error(`No answer within ${EXCHANGE_MAX_MS} ms.`))), EXCHANGE_MAX_MS);
        const settle = (act: () => void) => {
          clearTimeout(timer);
          waiting.delete(exchange);
          act();
        };
        waiting.set(exchange, {
          resolve: (bytes) => settle(() => resolve(bytes)),
          reject: (error) => settle(() => reject(error)),
          bytes: 0,
        });
        const request = {
          type: 'request',
          exchange,
          n: 0,
          connector: identity.connector,
          tunnel: connectionId,
          application: 'wiki',
          user: 'alice',
          method: 'GET',
          url,
          headers: HEADERS,
          replyTo: 'Lx1VbeXEIAMCJKQ=',
          issuedAt: Date.now(),
          timeoutMs: 60_000,
          verifyCertificate: true,
          hasBody: false,
          codings: CODINGS,
          end: true,
        } as const;
        tunnel.send(encode(request, frameKey));
      }),
    dispose: async () => {
      for (const socket of sockets.clients) socket.terminate();
      for (const server of [tunnels, replies]) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
};

const listen = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};
