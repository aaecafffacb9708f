// How the connector reaches the service from where it stands: through the proxy that the environment names, trusting the
// authorities that the administrator added (networks that inspect TLS have one of their own).
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { rootCertificates } from 'node:tls';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import { SallyportError } from '../protocol/errors.ts';
import { isThisMachine, lookupAny } from './address.ts';

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

export const createNetwork = ({ env, extraCa }: NetworkOptions): Network => {
  const ca = extraCa === null ? null : [...rootCertificates, extraCa];
  const trust = ca === null ? {} : { ca: [...ca] };
  const agents = new Map<string, HttpAgent>();

  const create = (url: URL, proxy: URL | null): HttpAgent => {
    const common = { keepAlive: true, maxSockets: SOCKETS_MAX, ...trust };
    if (proxy) return new HttpsProxyAgent(proxy, { ...common, rejectUnauthorized: true });
    // Agents pass these on to net.connect and tls.connect.
    const options = { ...common, lookup: lookupAny, noDelay: true };
    return url.protocol === 'https:' || url.protocol === 'wss:' ? new HttpsAgent(options) : new HttpAgent(options);
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
      if (proxy) return new ProxyAgent({ uri: proxy.href, ...options, requestTls: trust, proxyTls: connect });
      return new Pool(origin.origin, { ...options, connect });
    },
    proxyFor: (url) => findProxy(url, env)?.host ?? null,
    close: () => {
      for (const agent of agents.values()) agent.destroy();
    },
  };
};

/** The proxy that the environment names for a URL, by the rules of curl: lower case wins, NO_PROXY lists hosts and domains. */
export const findProxy = (url: URL, env: Readonly<Record<string, string | undefined>>): URL | null => {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isThisMachine(host)) return null;
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  // Upper-case HTTP_PROXY can be set by a request header where a program runs as CGI; a connector never does.
  const named = (secure ? (env.https_proxy ?? env.HTTPS_PROXY) : (env.http_proxy ?? env.HTTP_PROXY)) || env.all_proxy || env.ALL_PROXY;
  if (!named || isExempt(host, url, env.no_proxy ?? env.NO_PROXY ?? '')) return null;
  const text = named.includes('://') ? named : `http://${named}`;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new SallyportError('ERR_CONFIGURATION_INVALID', 'HTTPS_PROXY or HTTP_PROXY: expected http://host:port or https://host:port.');
  }
  return new URL(text);
};

const isExempt = (host: string, url: URL, list: string): boolean => {
  const port = url.port || (url.protocol === 'https:' || url.protocol === 'wss:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = entry, only] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      const domain = name.replace(/^\*?\./, '');
      return (only === undefined || only === port) && (host === domain || host.endsWith(`.${domain}`));
    });
};
