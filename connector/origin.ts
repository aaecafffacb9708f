// Calls origins over pooled connections. Follows no redirect, decompresses nothing, changes nothing but the fields of one hop.
import type { Socket } from 'node:net';
import { type buildConnector, type Dispatcher, Pool } from 'undici';
import { SallyportError } from '../protocol/errors.ts';
import type { HeaderList } from '../protocol/frames.ts';
import { withoutHopByHop } from '../protocol/headers.ts';
import { type Resolve, resolveHost } from './address.ts';
import { type Clock, systemClock } from './clock.ts';
import { type ConnectTo, findConnectTo } from './connect-to.ts';
import { openSocket } from './handshake.ts';
import { HEAD_MAX_BYTES } from './head-reader.ts';
import { OriginAddresses } from './origin-addresses.ts';
import { type ConnectionLifetime, OriginClient, type OriginClientOptions } from './origin-client.ts';
import { type ConnectionRules, createConnector } from './origin-connector.ts';
import { originError } from './origin-errors.ts';
import { DEFAULT_TLS, type TlsOf } from './origin-tls.ts';
import type { CallOrigin, OriginAnswer, OriginCall } from './ports.ts';
import type { ConnectOrigin } from './probe-origin.ts';

/** Origins to which there are connections at once, and as many of single users; of one more, those that were used longest ago are closed. */
const KEPT_MAX = 2_000;
/** RFC 9110 §9.2.2: these may be repeated when a kept-alive connection turns out to be closed. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** A connection is used no longer: what a load balancer decides, or a server that was moved, is found out about. */
const CONNECTION_AGE_MS = 5 * 60_000;

export interface OriginsOptions {
  /** Connections to one origin at once. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** Certificate authorities beside the well-known ones, PEM. */
  readonly ca: readonly string[] | null;
  readonly resolve?: Resolve;
  /** @default none */
  readonly connectTo?: readonly ConnectTo[];
  /** @default no client certificates, TLS 1.2 and later */
  readonly tlsOf?: TlsOf;
  /** @default the system's */
  readonly clock?: Pick<Clock, 'monotonic' | 'after'>;
}

export class Origins {
  readonly #options: OriginsOptions;
  /** Connections to one origin; those that were used longest ago first. */
  readonly #shared = new Map<string, Dispatcher>();
  /** The same of single users. */
  readonly #own = new Map<string, Dispatcher>();

  readonly #addresses: OriginAddresses;
  readonly #lifetime: ConnectionLifetime;

  constructor(options: OriginsOptions) {
    const { resolve = resolveHost, clock = systemClock } = options;
    this.#options = options;
    this.#addresses = new OriginAddresses(resolve, clock);
    this.#lifetime = { has: (host, address) => this.#addresses.has(host, address), maxAgeMs: CONNECTION_AGE_MS, now: clock.monotonic };
  }

  readonly call: CallOrigin = async (call) => {
    try {
      return await this.#attempt(call);
    } catch (error) {
      const failure = error as SallyportError;
      if (failure.code !== 'ERR_ORIGIN_ABORTED' || !mayRepeat(call)) throw failure;
    }
    return this.#attempt(call);
  };

  /** A connection as a request has one, on which nothing is said. Rejects with what it failed of. */
  readonly connect: ConnectOrigin = ({ origin, verifyCertificate, loopbackAllowed }) =>
    new Promise((resolve, reject) => {
      const { protocol, host, hostname, port } = new URL(origin);
      const where = { protocol, host, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port };
      this.#connector({ verifyCertificate, loopbackAllowed })(where, (error, socket) => {
        if (error === null) resolve(socket as Socket);
        else reject(error);
      });
    });

  async close(): Promise<void> {
    await Promise.all([...this.#shared.values(), ...this.#own.values()].map((connections) => connections.destroy()));
  }

  /** Rejects with a SallyportError. */
  async #attempt(call: OriginCall): Promise<OriginAnswer> {
    let connected = false;
    const noticed = (): void => {
      connected = true;
      call.connected();
    };
    try {
      return await this.#request({ ...call, connected: noticed });
    } catch (error) {
      throw originError(call.origin, error, connected, this.#options.tlsOf?.(call.origin));
    }
  }

  async #request(call: OriginCall): Promise<OriginAnswer> {
    const { origin, path, method, signal } = call;
    await this.#addresses.refresh(new URL(origin).hostname);
    if (signal.aborted) throw signal.reason;
    if (call.upgrade) return openSocket(this.#connections(call), call);
    const { statusCode, headers, body } = await this.#connections(call).request({
      origin,
      path,
      method: method as Dispatcher.HttpMethod,
      headers: flat(requestHeaders(call)),
      body: call.body as Dispatcher.DispatchOptions['body'],
      signal,
      opaque: call.connected,
      responseHeaders: 'raw',
      // The exchange keeps its own time: how long an origin may be silent depends on the application.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    if (statusCode < 200 || statusCode > 599) {
      body.on('error', () => {}).destroy();
      throw new SallyportError('ERR_ORIGIN_INVALID', `${origin} answered with status ${statusCode}; 200 to 599 was expected.`);
    }
    return { status: statusCode, headers: withoutHopByHop(pairs(headers as unknown as string[])), body: coded(origin, body) };
  }

  /** Those that were made under different rules, or for one user alone, are not shared. */
  #connections(call: OriginCall): Dispatcher {
    const { origin, verifyCertificate, loopbackAllowed, connection } = call;
    const key = JSON.stringify([origin, verifyCertificate, loopbackAllowed, connection]);
    const kept = connection === undefined ? this.#shared : this.#own;
    const connections = kept.get(key) ?? this.#create(call);
    kept.delete(key);
    kept.set(key, connections);
    if (kept.size > KEPT_MAX) retireOldest(kept);
    return connections;
  }

  #create({ origin, connection, verifyCertificate, loopbackAllowed }: OriginCall): Dispatcher {
    const options: OriginClientOptions = {
      pipelining: 1,
      maxHeaderSize: HEAD_MAX_BYTES,
      connect: this.#connector({ verifyCertificate, loopbackAllowed }),
      ...(connection && { keepAliveTimeout: connection.idleMs, keepAliveMaxTimeout: connection.idleMs }),
    };
    const limit = connection?.limit ?? this.#options.connections;
    const { hostname, port, protocol } = new URL(origin);
    const named = findConnectTo(this.#options.connectTo ?? [], hostname, port || (protocol === 'https:' ? '443' : '80'));
    // Where the administrator says where it is, another port's lookup says nothing of it.
    const lifetime = named === null ? this.#lifetime : { ...this.#lifetime, has: () => true };
    const create = () => new OriginClient(origin, options, lifetime);
    return limit === 1 ? create() : new Pool(origin, { connections: limit, factory: create });
  }

  #connector(rules: ConnectionRules): buildConnector.connector {
    const { connectTimeoutMs, ca, connectTo = [], tlsOf = DEFAULT_TLS } = this.#options;
    return createConnector({ connectTimeoutMs, ca, resolve: this.#addresses.resolve, connectTo, tlsOf }, rules);
  }
}

/** Calls that are under way may end; nothing new is given to it. */
const retireOldest = (kept: Map<string, Dispatcher>): void => {
  const [key, connections] = kept.entries().next().value!;
  kept.delete(key);
  connections.close().catch(() => undefined);
};

const mayRepeat = ({ method, body, signal }: OriginCall): boolean =>
  IDEMPOTENT.has(method) && (body === null || body instanceof Uint8Array) && !signal.aborted;

/**
 * Content-Length is written anew from the body that is really there, or kept where it is the only way to know the length beforehand;
 * the client's expectation of `100 Continue` was met by the ingress.
 */
const requestHeaders = ({ headers, body }: OriginCall): HeaderList => {
  const kept = withoutHopByHop(headers).filter(([name]) => !['content-length', 'expect'].includes(name.toLowerCase()));
  if (body === null || body instanceof Uint8Array) return kept;
  const lengths = headers.filter(([name]) => name.toLowerCase() === 'content-length');
  const [only] = lengths;
  return lengths.length === 1 && only && /^\d{1,15}$/.test(only[1]) ? [...kept, only] : kept;
};

const flat = (headers: HeaderList): string[] => headers.flat();

const pairs = (raw: readonly string[]): HeaderList =>
  Array.from({ length: raw.length / 2 }, (_, index) => [raw[index * 2]!, raw[index * 2 + 1]!] as const);

/** The body, its failures as codes. */
async function* coded(origin: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw originError(origin, error, true);
  }
}
