// A router in this process and the bundled connector in one of its own, tunnel and replies between them without AWS: each is a socket on loopback.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { writeIdentity } from '../../connector/identity.ts';
import { createIdentity, listen, sealWelcome } from '../../connector/testing/fake-service.ts';
import { randomSecret } from '../../lambdas/keys.ts';
import { createSourceLimits } from '../../lambdas/limits/source-limits.ts';
import { createCounters } from '../../lambdas/limits/testing/counters.ts';
import { createLook } from '../../lambdas/pages/look.ts';
import { cachedDirectory, cachedSessions, cachedTunnels } from '../../lambdas/router/caching.ts';
import { systemClock as clock } from '../../lambdas/router/clock.ts';
import { createPasswords } from '../../lambdas/router/passwords.ts';
import type { ExchangeListener } from '../../lambdas/router/ports.ts';
import { createRouter } from '../../lambdas/router/router.ts';
import { tunnel } from '../../lambdas/router/testing/records.ts';
import type { ApplicationHere, Session, StoredCredentials } from '../../lambdas/stores/records.ts';
import { decode } from '../../protocol/codec.ts';
import { SUBPROTOCOL } from '../../protocol/frames.ts';
import { createLog } from '../../protocol/log.ts';
import { built } from './built.ts';
import { startChild } from './child.ts';

export const GROUP = 'default';
const MINUTE_MS = 60_000;

/** What ends it is added to `ends`. */
export const startWire = async (folder: string, ends: (() => unknown)[]) => {
  const frameKey = randomBytes(32);
  const listeners = new Map<string, ExchangeListener>();
  let send: ((text: string) => void) | null = null;

  const replies = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.writeHead(200).end();
    const opened = decode(Buffer.concat(chunks).toString(), () => frameKey);
    listeners.get(opened.frame.exchange)?.frame(opened);
  });
  const tunnels = createServer();
  const replyEndpoint = `http://127.0.0.1:${await listen(replies)}/live`;
  const identity = await createIdentity({ tunnelUrl: `ws://127.0.0.1:${await listen(tunnels)}/live`, group: GROUP });
  const sockets = new WebSocketServer({ server: tunnels, handleProtocols: () => SUBPROTOCOL });
  sockets.on('connection', (socket) => {
    socket.on('message', async (data) => {
      const { type } = JSON.parse(data.toString()) as { type: string };
      if (type === 'hello') {
        const expiresAt = clock.now() + 60 * MINUTE_MS;
        const credentials = { accessKeyId: 'ASIAMANYUSERS', secretAccessKey: 'secret', sessionToken: 'token', expiresAt };
        const secrets = { connector: identity.connector, group: GROUP, frameKey: frameKey.toString('base64url') };
        const welcome = { ...secrets, replyEndpoint, region: 'us-east-1', credentials, applications: [] };
        const sealed = await sealWelcome(welcome, identity.sealingKey);
        socket.send(JSON.stringify({ type: 'welcome', now: clock.now(), connectionId: 'tunnel', sealed }));
        send = (text) => socket.send(text);
      }
      if (type === 'heartbeat') socket.send(JSON.stringify({ type: 'alive', now: clock.now() }));
      if (type === 'drain') socket.send('{"type":"drained","others":false}');
      if (type === 'probe') socket.send('{"type":"echo"}');
    });
  });
  ends.push(async () => {
    for (const socket of sockets.clients) socket.terminate();
    for (const server of [tunnels, replies]) {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }
  });

  return {
    frameKey,
    connector: identity.connector,
    post: async (_connectionId: string, text: string) => {
      if (send === null) return 'gone' as const;
      send(text);
      return 'posted' as const;
    },
    channel: {
      address: async () => 'router',
      probe: () => undefined,
      attend: (exchange: string, listener: ExchangeListener) => {
        listeners.set(exchange, listener);
        return () => void listeners.delete(exchange);
      },
    },
    /** Resolves, when its tunnel is open, with where its metrics are. */
    startConnector: async (settings: readonly string[]): Promise<string> => {
      await writeIdentity(folder, identity);
      const args = [built('connector.mjs'), '--state-directory', folder, '--health-address', '127.0.0.1:0', ...settings];
      const child = startChild(process.execPath, args, { env: { ...process.env, NODE_OPTIONS: '--no-warnings' } });
      ends.push(() => child.stop());
      await child.seen(/"tunnel\.open"/);
      const [, health] = await child.seen(/"health":"([^"]+)"/);
      return health!;
    },
  };
};

/** A router on it that knows these applications, sessions and credentials. */
export const createRouterWith = (
  wire: Awaited<ReturnType<typeof startWire>>,
  applications: readonly ApplicationHere[],
  sessions: ReadonlyMap<string, Session>,
  credentials: ReadonlyMap<string, StoredCredentials>,
) => {
  const find = async (id: string) => sessions.get(id) ?? null;
  const unused = async (): Promise<never> => {
    throw new Error('Nobody asks for this here.');
  };
  const freshDirectory = { applicationsOn: async (host: string) => applications.filter((known) => known.host === host) };
  const here = () => [tunnel({ connectionId: 'tunnel', connector: wire.connector, group: GROUP, seenAt: clock.now() })];
  return createRouter({
    socketScript: () => '',
    workerScript: () => '/* worker */',
    asideScript: () => '/* aside */',
    signInAgainScript: { offer: () => 'the script that offers', 'at-once': () => 'the script that goes at once' },
    ticketKey: async () => new Uint8Array(32),
    replyUrl: 'wss://reply.example.com/live',
    edge: null,
    look: createLook({ name: 'Many users', color: null, support: null }),
    portalUrl: 'https://portal.example.com',
    limits: createSourceLimits({ count: createCounters().count, now: clock.now }),
    directory: cachedDirectory({ ...freshDirectory, publishedAt: async () => [] }, clock),
    freshDirectory,
    tunnels: cachedTunnels({ tunnels: async () => here(), connectors: async () => [] }, clock),
    findSession: cachedSessions({ find }, clock),
    sessions: { create: unused, find, noteUse: unused, createCode: unused, takeCode: unused },
    keepUp: async () => undefined,
    findServiceToken: async () => null,
    freshServiceToken: async () => null,
    accessTokens: { verify: unused },
    assertUser: async () => [],
    tokenOf: async () => [],
    uploadKey: unused,
    uploadScript: () => '',
    passwords: createPasswords({ find: async (_id, owner) => credentials.get(owner!) ?? null, noteRefusal: unused }, clock),
    issuers: [],
    post: wire.post,
    channel: wire.channel,
    frameKeyOf: async () => wire.frameKey,
    clock,
    log: createLog({ write: () => undefined }),
    random: Math.random,
    newSecret: randomSecret,
    newExchangeId: randomSecret,
  });
};
