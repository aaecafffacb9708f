// A service on loopback, small enough to play tricks: a Tunnel API that welcomes, and a Reply API that collects what is posted.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { CompactEncrypt, importJWK, type JWK } from 'jose';
import { type WebSocket, WebSocketServer } from 'ws';
import { decode, encode } from '../../protocol/codec.ts';
import type { Frame, RequestFrame } from '../../protocol/frames.ts';
import type { WelcomeSecrets } from '../../protocol/tunnel-messages.ts';
import { createKeyPairs, type Identity, publicKey } from '../identity.ts';
import type { Posted } from './bench.ts';

export const FRAME_KEY = new Uint8Array(32).fill(9);

export const listen = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

export const createIdentity = async (fields: Partial<Identity> = {}): Promise<Identity> => ({
  connector: 'connector-1',
  tenant: 'contoso',
  group: 'office',
  tunnelUrl: 'ws://127.0.0.1:1/',
  ...(await createKeyPairs()),
  ...fields,
});

export const sealWelcome = async (secrets: WelcomeSecrets, sealingKey: JWK): Promise<string> =>
  new CompactEncrypt(new TextEncoder().encode(JSON.stringify(secrets)))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
    .encrypt(await importJWK(publicKey(sealingKey), 'ECDH-ES'));

export interface FakeServiceOptions {
  readonly identity: Identity;
  /** Overrides what a welcome holds. */
  readonly secrets?: (given: WelcomeSecrets) => WelcomeSecrets;
}

export interface Dialled {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  readonly heard: Array<{ type: string }>;
}

export const startFakeService = async ({ identity, secrets = (given) => given }: FakeServiceOptions) => {
  const tunnels: Dialled[] = [];
  const posted: Posted[] = [];
  const waiting: Array<{ ready: () => boolean; resolve: () => void }> = [];
  const changed = () => {
    for (const entry of [...waiting]) {
      if (!entry.ready()) continue;
      waiting.splice(waiting.indexOf(entry), 1);
      entry.resolve();
    }
  };

  const service = {
    tunnels,
    posted,
    /** Authorization of each post. */
    credentials: [] as string[],
    /** A status and headers with which dials are refused. */
    refuse: null as { status: number; headers?: Record<string, string> } | null,
    subprotocol: true,
    answersHello: true,
    /** Whether another connector takes exchanges. */
    others: false,
    now: () => Date.now(),
    /** Status with which the Reply API answers; 200 unless a test says otherwise. */
    replyStatus: (_connection: string): number => 200,
    tunnelUrl: '',
    welcomes: 0,
    /** Resolves when `ready` holds; asked at each thing that happens. */
    until: (ready: () => boolean): Promise<void> => {
      if (ready()) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ ready, resolve }));
    },
    request: (fields: Partial<RequestFrame>): RequestFrame => ({
      type: 'request',
      exchange: `exchange-${Math.random().toString(36).slice(2, 12)}`,
      n: 0,
      connector: identity.connector,
      application: 'wiki',
      user: 'alice',
      method: 'GET',
      url: 'http://localhost/',
      headers: [],
      replyTo: 'router-1',
      issuedAt: service.now(),
      timeoutMs: 10_000,
      verifyCertificate: true,
      hasBody: false,
      end: true,
      ...fields,
    }),
    /** Posts a frame to the connector's newest tunnel. */
    send: (frame: Frame, payload?: Uint8Array): void => tunnels.at(-1)!.socket.send(encode(frame, FRAME_KEY, payload)),
    bodyOf: (exchange: string, replyTo?: string): Buffer => {
      const numbered = new Map<number, Buffer>();
      for (const { frame, payload, replyTo: at } of posted) {
        if (frame.exchange === exchange && (replyTo ?? at) === at && 'n' in frame) numbered.set(frame.n, payload);
      }
      return Buffer.concat([...numbered].sort(([one], [other]) => one - other).map(([, payload]) => payload));
    },
    ended: (exchange: string): boolean =>
      posted.some(({ frame }) => frame.exchange === exchange && (frame.type === 'error' || ('end' in frame && frame.end))),
    close: async (): Promise<void> => {
      for (const { socket } of tunnels) socket.terminate();
      for (const server of [tunnelServer, replyServer]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };

  const replyServer = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const replyTo = decodeURIComponent(/@connections\/([^?]+)$/.exec(request.url ?? '')?.[1] ?? '');
    service.credentials.push(request.headers.authorization ?? '');
    const status = service.replyStatus(replyTo);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(status === 200 ? '' : '{}');
    if (status === 200) posted.push({ ...decode(Buffer.concat(chunks).toString(), () => FRAME_KEY), replyTo } as Posted);
    changed();
  });
  const replyPort = await listen(replyServer);

  const welcome = async (connectionId: string): Promise<string> => {
    service.welcomes += 1;
    const given: WelcomeSecrets = {
      connector: identity.connector,
      group: identity.group,
      frameKey: Buffer.from(FRAME_KEY).toString('base64url'),
      replyEndpoint: `http://127.0.0.1:${replyPort}/live`,
      region: 'eu-central-1',
      credentials: {
        accessKeyId: `KEY${service.welcomes}`,
        secretAccessKey: 'secret',
        sessionToken: 'token',
        expiresAt: service.now() + 3_600_000,
      },
      applications: [],
    };
    const sealed = await sealWelcome(secrets(given), identity.sealingKey);
    return JSON.stringify({ type: 'welcome', now: service.now(), connectionId, sealed });
  };

  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => (service.subprotocol ? [...offered][0]! : false) });
  const accept = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => {});
    if (service.refuse) {
      const { status, headers = {} } = service.refuse;
      const fields = { Date: new Date(service.now()).toUTCString(), 'Content-Length': '0', ...headers };
      stream.end(
        `HTTP/1.1 ${status} Refused\r\n${Object.entries(fields)
          .map(([name, value]) => `${name}: ${value}\r\n`)
          .join('')}\r\n`,
      );
      changed();
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const dialled: Dialled = { socket, request, heard: [] };
      tunnels.push(dialled);
      const connectionId = `tunnel-${tunnels.length}`;
      socket.on('message', async (data) => {
        const message = JSON.parse(data.toString()) as { type: string };
        dialled.heard.push(message);
        if (message.type === 'hello' && service.answersHello) socket.send(await welcome(connectionId));
        if (message.type === 'heartbeat') socket.send(JSON.stringify({ type: 'alive', now: service.now() }));
        if (message.type === 'drain') socket.send(JSON.stringify({ type: 'drained', others: service.others }));
        if (message.type === 'probe') socket.send('{"type":"echo"}');
        changed();
      });
      socket.on('close', changed);
      changed();
    });
  };
  const tunnelServer = createServer().on('upgrade', accept);
  service.tunnelUrl = `ws://127.0.0.1:${await listen(tunnelServer)}/live`;
  return service;
};

export type FakeService = Awaited<ReturnType<typeof startFakeService>>;
