// How the connector reaches the service from where it stands: through the proxy that the environment names, trusting the
// authorities that the administrator added (networks that inspect TLS have one of their own).
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIPv6, type Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import { buildConnector, type Dispatcher, Pool } from 'undici';
import { lookupAny } from './address.ts';
import { isCertificateFailure } from './origin-errors.ts';
import { findProxy, openTunnel } from './proxy.ts';

export interface Network {
  /** An agent for calls to this URL. */
  agentFor(url: URL): HttpAgent;
  /** Links to this origin, kept open between requests; one that does not connect or answer within so many milliseconds is given up. */
  linksTo(origin: URL, timeoutMs: number): Dispatcher;
  /** The proxy on the way to this URL, without its credentials; null for none. */
  proxyFor(url: URL): string | null;
  /** Every authority that is trusted; null for the well-known ones. */
  readonly ca: readonly string[] | null;
  close(): void;
}

export interface NetworkOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Authorities beside the well-known ones, PEM. */
  readonly extraCa: string | null;
}

/** Sockets to one host at once: exchanges post in parallel. */
const SOCKETS_MAX = 256;
/** How long a link is kept that nothing goes over: less than a NAT gateway's 350 s. */
const LINK_IDLE_MS = 60_000;

/** How long a proxy may take to open a tunnel. */
const TUNNEL_MS = 10_000;

export const createNetwork = ({ env, extraCa }: NetworkOptions): Network => {
  const ca = extraCa === null ? null : [...rootCertificates, extraCa];
  const trust = ca === null ? {} : { ca: [...ca] };
  const agents = new Map<string, HttpAgent>();

  const create = (url: URL, proxy: URL | null): HttpAgent => {
    // Agents pass these on to net.connect and tls.connect.
    const options = { keepAlive: true, maxSockets: SOCKETS_MAX, ...trust, lookup: lookupAny, noDelay: true };
    const secure = isSecure(url);
    const agent = secure ? new HttpsAgent(options) : new HttpAgent(options);
    if (proxy !== null) goThrough(agent, (target) => openTunnel(proxy, target, trust, TUNNEL_MS), secure);
    return agent;
  };

  return {
    ca,
    agentFor: (url) => {
      const proxy = findProxy(url, env);
      const key = `${url.protocol} ${proxy?.href ?? ''}`;
      let agent = agents.get(key);
      if (!agent) {
        agent = create(url, proxy);
        agents.set(key, agent);
      }
      return agent;
    },
    linksTo: (origin, timeoutMs) => {
      const proxy = findProxy(origin, env);
      const options = { connections: SOCKETS_MAX, headersTimeout: timeoutMs, bodyTimeout: timeoutMs, keepAliveTimeout: LINK_IDLE_MS };
      const connect = { ...trust, lookup: lookupAny, noDelay: true, timeout: timeoutMs };
      if (proxy === null) return new Pool(origin.origin, { ...options, connect });
      const secured = buildConnector(connect);
      const through: buildConnector.connector = (where, callback) => {
        const { hostname, port, protocol } = where;
        openTunnel(proxy, targetOf(hostname, port || defaultPort(protocol === 'https:')), trust, timeoutMs).then(
          (socket) => (protocol === 'https:' ? secured({ ...where, httpSocket: socket }, callback) : callback(null, socket)),
          (error: Error) => callback(error, null),
        );
      };
      return new Pool(origin.origin, { ...options, connect: through });
    },
    proxyFor: (url) => findProxy(url, env)?.host ?? null,
    close: () => {
      for (const agent of agents.values()) agent.destroy();
    },
  };
};

/** Why the service could not be reached; of a certificate also what an administrator can do. */
export const describeFailure = (error: Error & { readonly code?: unknown }): string =>
  isCertificateFailure(error.code)
    ? `its certificate was refused: ${error.message}. Where the network inspects TLS, name its authority with --ca-file`
    : error.message;

const isSecure = ({ protocol }: URL): boolean => protocol === 'https:' || protocol === 'wss:';

const defaultPort = (secure: boolean): string => (secure ? '443' : '80');

const targetOf = (host: string, port: string | number): string => `${isIPv6(host) ? `[${host}]` : host}:${port}`;

/** What Node's agents are told of a connection that they are to make. */
interface Wanted {
  readonly host: string;
  readonly port: string | number;
}

/** Connections of this agent lead through tunnels. What is spoken in them, TLS and whom it trusts, stays the agent's own affair. */
const goThrough = (agent: HttpAgent, open: (target: string) => Promise<Socket>, secure: boolean): void => {
  const inside = agent.createConnection.bind(agent) as (options: object) => Socket;
  const createConnection = (options: Wanted, callback: (error: Error | null, socket?: Socket) => void): undefined => {
    open(targetOf(options.host, options.port)).then(
      (socket) => callback(null, secure ? inside({ ...options, socket }) : socket),
      (error: Error) => callback(error),
    );
  };
  Object.assign(agent, { createConnection });
};
