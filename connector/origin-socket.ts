// Opens WebSockets to origins (RFC 6455), under the same rules as requests: the addresses that may be dialled, the certificate, the fields.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import { SallyportError } from '../protocol/errors.ts';
import type { HeaderList } from '../protocol/frames.ts';
import { withoutHopByHop } from '../protocol/headers.ts';
import type { OriginAnswer, OriginCall, OriginSocket } from './ports.ts';

export interface SocketRoute {
  readonly lookup: LookupFunction;
  /** Where the origin is dialled instead of where its name leads; null for there. */
  readonly instead: { readonly address: string; readonly addressPort: string } | null;
  readonly ca: readonly string[] | null;
  readonly timeoutMs: number;
}

/** A larger message ends the WebSocket with 1009. */
const MESSAGE_MAX_BYTES = 64 * 1024 * 1024;
/** A close frame without one (RFC 6455 §7.1.5). */
const NO_CODE = 1005;
/** No close frame came. */
const BROKEN_OFF = 1006;
/** Made anew for the connection to the origin (RFC 6455 §4.1). */
const OF_THE_HANDSHAKE = /^(?:sec-websocket-.*|host|content-length|content-type|expect|origin)$/i;

/** The origin's answer, with a socket where it is 101. Rejects with what the connection failed of. */
export const openSocket = (call: OriginCall, route: SocketRoute): Promise<OriginAnswer> =>
  new Promise((resolve, reject) => {
    const { origin, path, headers, upgrade, verifyCertificate, signal, connected } = call;
    const { hostname } = new URL(origin);
    const name = hostname.replace(/^\[(.*)\]$/, '$1');
    const instead = route.instead;
    let isConnected = false;
    const dial = (secure: boolean) => (options: object) => {
      const where = { ...options, ...(instead && { host: instead.address, port: Number(instead.addressPort) }), lookup: route.lookup };
      const trust = { ...(route.ca && { ca: [...route.ca] }), rejectUnauthorized: verifyCertificate };
      const identity = {
        servername: isIP(name) === 0 ? name : '',
        checkServerIdentity: (_: string, certificate: never) => checkServerIdentity(name, certificate),
      };
      const socket: Socket = secure ? connectTls({ ...where, ...trust, ...identity } as never) : connectTcp(where as never);
      return socket.once(secure ? 'secureConnect' : 'connect', () => {
        isConnected = true;
        connected();
      });
    };
    const secure = origin.startsWith('https:');
    const socket = new WebSocket(origin.replace(/^http/, 'ws') + path, [...(upgrade?.protocols ?? [])], {
      headers: grouped(headers),
      origin: fieldOf(headers, 'origin'),
      createConnection: dial(secure) as never,
      handshakeTimeout: route.timeoutMs,
      maxPayload: MESSAGE_MAX_BYTES,
      followRedirects: false,
    });
    const abort = () => socket.terminate();
    signal.addEventListener('abort', abort, { once: true });
    let head: IncomingMessage | null = null;
    socket.once('upgrade', (response: IncomingMessage) => {
      head = response;
    });
    socket.once('open', () => {
      signal.removeEventListener('abort', abort);
      // Nothing may come before somebody listens.
      socket.pause();
      resolve({ status: 101, headers: handshakeFields(head!), body: nothing(), socket: originSocket(socket) });
    });
    socket.once('unexpected-response', (_: ClientRequest, response: IncomingMessage) => {
      signal.removeEventListener('abort', abort);
      resolve({ status: response.statusCode ?? 502, headers: withoutHopByHop(pairs(response.rawHeaders)), body: response });
    });
    /** What `ws` itself finds wrong has no code. */
    const failure = (error: Error & { readonly code?: unknown }): Error => {
      if (!isConnected || error.code !== undefined) return error;
      return new SallyportError(head === null ? 'ERR_ORIGIN_TIMEOUT' : 'ERR_ORIGIN_INVALID', `${origin}: ${error.message}`, {
        cause: error,
      });
    };
    socket.on('error', (error) => reject(signal.aborted ? signal.reason : failure(error)));
  });

const originSocket = (socket: WebSocket): OriginSocket => ({
  listen: ({ message, closed }) => {
    socket.on('message', (data, isBinary) => message(data as Buffer, isBinary ? 'binary' : 'text'));
    let wrong = '';
    socket.once('error', ({ message }) => {
      wrong = message;
    });
    socket.once('close', (code, reason) => closed(code, code === BROKEN_OFF ? wrong : reason.toString()));
    socket.resume();
  },
  send: (data, kind, more, taken) => {
    // A socket that is closing takes nothing; its close tells the rest.
    if (socket.readyState === WebSocket.OPEN) socket.send(data, { binary: kind === 'binary', fin: !more }, taken);
    else taken();
  },
  close: (code, reason) => {
    socket.resume();
    if (code === NO_CODE) socket.close();
    else socket.close(code, reason);
  },
  terminate: () => {
    socket.removeAllListeners('close').removeAllListeners('message');
    socket.terminate();
  },
  pause: () => socket.pause(),
  resume: () => socket.resume(),
});

async function* nothing(): AsyncGenerator<Uint8Array> {}

const handshakeFields = (response: IncomingMessage): HeaderList =>
  pairs(response.rawHeaders).filter(([name]) => !/^(?:connection|upgrade|sec-websocket-(?:accept|extensions|version))$/i.test(name));

const pairs = (raw: readonly string[]): HeaderList =>
  Array.from({ length: raw.length / 2 }, (_, index) => [raw[index * 2]!, raw[index * 2 + 1]!] as const);

const fieldOf = (headers: HeaderList, wanted: string): string | undefined => headers.find(([name]) => name.toLowerCase() === wanted)?.[1];

/** As Node's client wants them; `Host` stays what the application is to see. */
const grouped = (headers: HeaderList): Record<string, string[] | string> => {
  const fields: Record<string, string[] | string> = {};
  for (const [name, value] of withoutHopByHop(headers)) {
    if (OF_THE_HANDSHAKE.test(name)) continue;
    const known = fields[name];
    fields[name] = known === undefined ? value : [known, value].flat();
  }
  const host = fieldOf(headers, 'host');
  return host === undefined ? fields : { ...fields, Host: host };
};
