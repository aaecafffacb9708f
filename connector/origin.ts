// Calls origins over pooled connections. Follows no redirect, decompresses nothing, changes nothing but the fields of one hop.
import type { Socket } from 'node:net';
import { Agent, type buildConnector, type Dispatcher, Pool } from 'undici';
import { SallyportError } from '../protocol/errors.ts';
import type { HeaderList } from '../protocol/frames.ts';
import { withoutHopByHop } from '../protocol/headers.ts';
import { type Resolve, resolveHost } from './address.ts';
import type { ConnectTo } from './connect-to.ts';
import { openSocket } from './handshake.ts';
import { HEAD_MAX_BYTES } from './head-reader.ts';
import { OriginClient, type OriginClientOptions } from './origin-client.ts';
import { type ConnectionRules, createConnector } from './origin-connector.ts';
import { originError } from './origin-errors.ts';
import { DEFAULT_TLS, type TlsOf } from './origin-tls.ts';
import type { CallOrigin, OriginAnswer, OriginCall } from './ports.ts';
import type { ConnectOrigin } from './probe-origin.ts';

/** Users who have connections of their own at once; of one more, whoever called longest ago loses theirs. */
const OWN_MAX = 2_000;
/** RFC 9110 §9.2.2: these may be repeated when a kept-alive connection turns out to be closed. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

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
}

export class Origins {
  readonly #options: OriginsOptions;
  readonly #agents = new Map<string, Agent>();
  /** Of single users; the one that was used longest ago first. */
  readonly #own = new Map<string, Agent>();

  constructor(options: OriginsOptions) {
    this.#options = options;
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
    await Promise.all([...this.#agents.values(), ...this.#own.values()].map((agent) => agent.destroy()));
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
    if (signal.aborted) throw signal.reason;
    if (call.upgrade) return openSocket(this.#agent(call), call);
    const { statusCode, headers, body } = await this.#agent(call).request({
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

  /** Connections that were made under different rules, or for one user alone, are not shared. */
  #agent({ verifyCertificate, loopbackAllowed, connection }: OriginCall): Agent {
    const key = JSON.stringify([verifyCertificate, loopbackAllowed, connection]);
    const agents = connection === undefined ? this.#agents : this.#own;
    const agent =
      agents.get(key) ??
      new Agent({
        factory: createClients,
        connections: connection?.limit ?? this.#options.connections,
        pipelining: 1,
        maxHeaderSize: HEAD_MAX_BYTES,
        connect: this.#connector({ verifyCertificate, loopbackAllowed }),
        ...(connection && { keepAliveTimeout: connection.idleMs, keepAliveMaxTimeout: connection.idleMs }),
      });
    agents.delete(key);
    agents.set(key, agent);
    if (this.#own.size > OWN_MAX) this.#retire();
    return agent;
  }

  /** Its running calls may end; nothing new is given to it. */
  #retire(): void {
    const [oldest, agent] = this.#own.entries().next().value!;
    this.#own.delete(oldest);
    agent.close().catch(() => undefined);
  }

  #connector(rules: ConnectionRules): buildConnector.connector {
    const { connectTimeoutMs, ca, resolve = resolveHost, connectTo = [], tlsOf = DEFAULT_TLS } = this.#options;
    return createConnector({ connectTimeoutMs, ca, resolve, connectTo, tlsOf }, rules);
  }
}

const createClient = (origin: string | URL, options: object): OriginClient => new OriginClient(origin, options as OriginClientOptions);

/** As undici does it by itself, with clients of ours. */
const createClients = (origin: string | URL, options: Pool.Options): Dispatcher =>
  options.connections === 1 ? createClient(origin, options) : new Pool(origin, { ...options, factory: createClient });

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
