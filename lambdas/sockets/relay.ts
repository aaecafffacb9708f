// The user's side of a WebSocket: what comes over a user's connection to the Reply API is sealed for the connector and posted to its tunnel.
// What the connection is for, API Gateway says, not the message. The other way needs no function: connectors post to the user themselves.
import { encode, type FrameKey } from '../../protocol/codec.ts';
import { asSallyportError, SallyportError } from '../../protocol/errors.ts';
import type { Log } from '../../protocol/log.ts';
import type { AnySocketFrame, SocketLink } from '../../protocol/socket-frames.ts';
import type { PostFrame } from '../router/ports.ts';
import type { Registry, Tunnel } from '../stores/records.ts';
import type { OpenSockets } from '../stores/sockets.ts';
import { readMessage, type UserMessage } from './message.ts';
import type { KeepSession, WatchedSession } from './session-watch.ts';

export interface SocketEvent {
  readonly requestContext: {
    readonly routeKey: string;
    readonly connectionId: string;
    /** As the authorizer answered at `$connect`; text, whatever it was there. */
    readonly authorizer?: Readonly<Record<string, unknown>>;
  };
  readonly body?: string;
}

export interface SocketAnswer {
  readonly statusCode: number;
  /** Goes to the user. */
  readonly body?: string;
}

export interface RelayPorts {
  readonly post: PostFrame;
  readonly frameKeyOf: (tunnel: Pick<Tunnel, 'connector' | 'keysApart'>) => Promise<FrameKey>;
  readonly registry: Pick<Registry, 'tunnels'>;
  readonly sockets: Pick<OpenSockets, 'remove'>;
  readonly keepSession: KeepSession;
  readonly log: Log;
}

interface Binding extends Pick<Tunnel, 'connector' | 'keysApart'> {
  readonly exchange: string;
  readonly application: string;
  readonly group: string;
  readonly tunnel: string;
  readonly link: SocketLink;
  readonly parent: string | null;
  /** Null: of a program with a token, or of a session that may lie unused for as long as it lasts. */
  readonly watched: WatchedSession | null;
}

const DONE: SocketAnswer = { statusCode: 200 };

export const createRelay = (ports: RelayPorts) => {
  const { log, sockets } = ports;

  return async ({ requestContext, body = '' }: SocketEvent): Promise<SocketAnswer> => {
    const binding = bindingOf(requestContext);
    // A router's own connection: it says nothing that is for us, and its end is the router's affair.
    if (binding === null) return DONE;
    const told = log.with({ exchange: binding.exchange, connector: binding.connector });
    try {
      if (requestContext.routeKey === '$disconnect') {
        const { exchange, application, link, parent } = binding;
        await sockets.remove({ exchange, application, parent, link: link.number });
        await forward(ports, binding, binding.tunnel, { type: 'socket-lost', exchange, link });
        told.info('socket.disconnected', { link: link.number });
        return DONE;
      }
      const message = readMessage(body);
      if (binding.watched !== null && !(await ports.keepSession(binding.watched, message.used)))
        throw new SallyportError('ERR_SESSION_ENDED');
      const tunnel = await forward(ports, binding, await known(ports, binding, message.tunnel), frameOf(binding, message), message.payload);
      return tunnel === message.tunnel ? DONE : said({ type: 'moved', tunnel });
    } catch (failure) {
      const error = asSallyportError(failure);
      told.warn('socket.not-relayed', { routeKey: requestContext.routeKey, error });
      return said({ type: 'failed', code: error.code });
    }
  };
};

const bindingOf = ({ authorizer = {}, connectionId }: SocketEvent['requestContext']): Binding | null => {
  const { exchange, connector, application, group, tunnel, keysApart, link, session, parent, idle } = authorizer;
  if (typeof exchange !== 'string' || typeof connector !== 'string' || typeof group !== 'string' || typeof tunnel !== 'string') return null;
  const hangsOn = typeof session === 'string' && typeof parent === 'string' ? { id: session, parent, idleMs: Number(idle) } : null;
  return {
    ...{ exchange, connector, application: String(application), group, tunnel, link: { id: connectionId, number: Number(link) } },
    ...(String(keysApart) === 'true' && { keysApart: true }),
    parent: hangsOn?.parent ?? null,
    watched: hangsOn !== null && hangsOn.idleMs > 0 ? hangsOn : null,
  };
};

const frameOf = ({ exchange, link }: Binding, { n, parts, close, received, limit }: UserMessage): AnySocketFrame =>
  n === null
    ? { type: 'socket-receipt', exchange, received, limit, link }
    : { type: 'socket', exchange, n, parts, received, limit, link, ...(close && { close }) };

/** Users say where the connector has moved to; they are believed where the registry says so too. */
const known = async ({ registry }: RelayPorts, { group, connector, tunnel }: Binding, wanted: string): Promise<string> => {
  if (wanted === tunnel) return tunnel;
  const found = (await registry.tunnels(group)).some((one) => one.connector === connector && one.connectionId === wanted);
  return found ? wanted : tunnel;
};

/** Answers the tunnel that took it. Throws ERR_NO_CONNECTOR when the connector has none. */
const forward = async (
  { post, registry, frameKeyOf }: RelayPorts,
  binding: Binding,
  tunnel: string,
  frame: AnySocketFrame,
  payload?: Uint8Array,
): Promise<string> => {
  const { connector, group } = binding;
  const text = encode(frame, await frameKeyOf(binding), payload);
  if ((await post(tunnel, text)) === 'posted') return tunnel;
  const others = (await registry.tunnels(group)).filter((one) => one.connector === connector && one.connectionId !== tunnel);
  for (const { connectionId } of others.sort((one, other) => other.openedAt - one.openedAt)) {
    if ((await post(connectionId, text)) === 'posted') return connectionId;
  }
  throw new SallyportError('ERR_NO_CONNECTOR', `Connector ${connector} has no live tunnel.`);
};

const said = (message: object): SocketAnswer => ({ statusCode: 200, body: JSON.stringify(message) });
