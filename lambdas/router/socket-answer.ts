// What is answered to who asked for a WebSocket: where to connect, with a ticket of one use; and the cookies of the application's handshake.
import { SallyportError } from '../../protocol/errors.ts';
import type { HeaderList } from '../../protocol/frames.ts';
import { SOCKET_CLIENT_PAYLOAD_BYTES, SOCKET_WINDOW_BYTES, WINDOW_BYTES } from '../../protocol/limits.ts';
import type { SocketGrant } from '../../protocol/socket-grant.ts';
import { SECURITY_HEADERS } from '../pages/page.ts';
import { policyVersion } from '../stores/policy-version.ts';
import type { Application, ApplicationHere, Tunnel } from '../stores/records.ts';
import type { Answer } from './answer.ts';
import type { Caller } from './caller.ts';
import type { CanonicalRequest } from './canonical-request.ts';
import type { Clock, ReadTunnels } from './ports.ts';
import type { AskedSocket } from './socket-request.ts';
import { type Resumable, signResume } from './socket-resume.ts';
import { signSocketTicket } from './ticket.ts';

export interface SocketPorts {
  readonly clock: Clock;
  readonly tunnels: ReadTunnels;
  readonly newSecret: () => string;
  readonly ticketKey: () => Promise<Uint8Array>;
  /** The Reply API, `wss://…`. */
  readonly replyUrl: string;
}

/** How long one may be open: as long as the application and the session allow. */
export const socketAge = ({ webSockets }: Application, caller: Caller | null, now: number): number =>
  Math.max(0, Math.min(webSockets.maxAgeMs, (caller?.expiresAt ?? Number.POSITIVE_INFINITY) - now));

/** `head` is the application's answer to the handshake, as the user gets it. */
export const openedAnswer = async (
  ports: SocketPorts,
  application: ApplicationHere,
  request: CanonicalRequest,
  caller: Caller | null,
  at: { readonly exchange: string; readonly connector: string; readonly tunnel: string; readonly keysApart: boolean },
  head: HeaderList,
): Promise<Answer> => {
  const { exchange, connector, tunnel, keysApart } = at;
  const now = ports.clock.now();
  const { user } = caller ?? {};
  const socket: Resumable = {
    ...{ exchange, connector, group: application.connectorGroup, application: application.id },
    ...{ host: request.host, path: request.path, query: request.query },
    ...(keysApart && { keysApart: true as const }),
    issuer: user?.issuer ?? null,
    subject: user?.subject ?? null,
  };
  const resume = await signResume(await ports.ticketKey(), socket, now, now + socketAge(application, caller, now));
  const protocol = head.find(([name]) => name.toLowerCase() === 'sec-websocket-protocol')?.[1] ?? '';
  const cookies = head.filter(([name]) => name.toLowerCase() === 'set-cookie');
  return granted(await grant(ports, application, socket, caller, tunnel, 0, resume, protocol), cookies);
};

/** Throws ERR_REQUEST_INVALID for another's WebSocket, ERR_NO_CONNECTOR when its connector has no tunnel just now. */
export const resumedAnswer = async (
  ports: SocketPorts,
  application: ApplicationHere,
  { resumed, resume, link }: AskedSocket,
  caller: Caller | null,
): Promise<Answer> => {
  const socket = resumed!;
  const { issuer = null, subject = null } = caller?.user ?? {};
  if (socket.application !== application.id || socket.issuer !== issuer || socket.subject !== subject) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'The WebSocket that is to go on belongs to someone else.');
  }
  const { connectionId } = await newest(ports, socket);
  return granted(await grant(ports, application, socket, caller, connectionId, link, resume, ''), []);
};

const newest = async ({ tunnels, clock }: SocketPorts, { group, connector }: Resumable): Promise<Tunnel> => {
  const live = (await tunnels.freshTunnels(group)).filter((tunnel) => tunnel.connector === connector && tunnel.expiresAt > clock.now());
  const [tunnel] = live.sort((one, other) => other.openedAt - one.openedAt);
  if (!tunnel) throw new SallyportError('ERR_NO_CONNECTOR', `Connector ${connector}, which holds the WebSocket, has no live tunnel.`);
  return tunnel;
};

const grant = async (
  { clock, newSecret, ticketKey, replyUrl }: SocketPorts,
  application: ApplicationHere,
  { exchange, connector, group, keysApart }: Resumable,
  caller: Caller | null,
  tunnel: string,
  link: number,
  resume: string,
  protocol: string,
): Promise<SocketGrant> => {
  const ticket = await signSocketTicket(await ticketKey(), clock.now(), {
    id: newSecret(),
    ...{ exchange, connector, group, tunnel, link },
    ...(keysApart && { keysApart }),
    application: application.id,
    at: { host: application.host, path: application.path },
    // Of a program, nothing but its token says who it is.
    policy: policyVersion(application, caller?.session ? caller.user : null),
    ...(caller?.session && { session: caller.session.id, parent: caller.session.parent }),
    ...(caller?.by === 'service' && { token: caller.handle }),
  });
  return {
    connect: `${replyUrl}?ticket=${ticket}`,
    exchange,
    resume,
    tunnel,
    protocol,
    window: SOCKET_WINDOW_BYTES,
    payload: SOCKET_CLIENT_PAYLOAD_BYTES,
    buffer: WINDOW_BYTES,
  };
};

const granted = (grant: SocketGrant, cookies: HeaderList): Answer => ({
  status: 200,
  headers: [...Object.entries(SECURITY_HEADERS), ['Content-Type', 'application/json'], ...cookies],
  body: JSON.stringify(grant),
});
