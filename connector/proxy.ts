// The way out through a proxy that the environment names: which one, and a tunnel through it (CONNECT, RFC 9110 §9.3.6).
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { SallyportError } from '../protocol/errors.ts';
import { isThisMachine, lookupAny } from './address.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** For the connection to a proxy that is itself spoken to under TLS. */
export interface ProxyTrust {
  readonly ca?: readonly string[];
}

/** What a URL may have in a user name or password only when it is encoded (RFC 3986 §3.2.1). */
const RAW = /[@/?#[\]\\\s]|%(?![\da-f]{2})/i;

/**
 * The proxy that the environment names for a URL, by the rules of curl: lower case wins, NO_PROXY lists hosts and domains. Throws
 * ERR_CONFIGURATION_INVALID, which never shows what may be a password.
 */
export const findProxy = (url: URL, env: Environment): URL | null => {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isThisMachine(host)) return null;
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  // Upper-case HTTP_PROXY can be set by a request header where a program runs as CGI; a connector never does.
  const [lower, upper] = secure ? (['https_proxy', 'HTTPS_PROXY'] as const) : (['http_proxy', 'HTTP_PROXY'] as const);
  const name = [env[lower] === undefined ? upper : lower, 'all_proxy', 'ALL_PROXY'].find((known) => env[known]);
  if (name === undefined || isExempt(host, url, env.no_proxy ?? env.NO_PROXY ?? '')) return null;
  return parseProxy(name, env[name]!);
};

const parseProxy = (name: string, value: string): URL => {
  const text = value.includes('://') ? value : `http://${value}`;
  const credentials = text.slice(text.indexOf('://') + 3, Math.max(text.lastIndexOf('@'), 0));
  if (RAW.test(credentials)) {
    throw new SallyportError(
      'ERR_CONFIGURATION_INVALID',
      `${name}: a character in the user name or password must be percent-encoded: @ as %40, / as %2F, # as %23, ? as %3F, % as %25, a blank as %20.`,
    );
  }
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new SallyportError('ERR_CONFIGURATION_INVALID', `${name}: expected http://host:port or https://host:port.`);
  }
  return new URL(text);
};

/** A connection to `target`, `host:port`, through the proxy. Rejects with ERR_SERVICE_UNREACHABLE that names the proxy. */
export const openTunnel = (proxy: URL, target: string, trust: ProxyTrust, timeoutMs: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const { protocol, host, port } = proxy;
    const hostname = proxy.hostname.replace(/^\[(.*)\]$/, '$1');
    const secure = protocol === 'https:';
    const failed = (why: string, cause?: unknown) =>
      reject(new SallyportError('ERR_SERVICE_UNREACHABLE', `The proxy ${host} ${why}`, { cause }));
    const request = (secure ? httpsRequest : httpRequest)({
      ...{ method: 'CONNECT', path: target, headers: { Host: target, ...authorization(proxy) }, agent: false, lookup: lookupAny },
      // The certificate must be the proxy's, whatever `Host` says.
      ...{ host: hostname, port: port || (secure ? 443 : 80), servername: isIP(hostname) === 0 ? hostname : '' },
      ...(trust.ca && { ca: [...trust.ca] }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.once('connect', ({ statusCode = 0 }: IncomingMessage, socket: Socket, head: Buffer) => {
      if (statusCode >= 200 && statusCode <= 299) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      failed(`answered ${statusCode} to CONNECT ${target}: ${explain(statusCode, proxy)}`);
    });
    // A connection that was handed over has listeners of its own.
    request.on('error', (error) => failed(`cannot be used: ${error.message}`, error));
    request.end();
  });

export const authorization = ({ username, password }: URL): { readonly 'Proxy-Authorization'?: string } => {
  if (username === '' && password === '') return {};
  return { 'Proxy-Authorization': `Basic ${Buffer.from(`${bytesOf(username)}:${bytesOf(password)}`, 'latin1').toString('base64')}` };
};

/** As bytes, whatever the character set in which an administrator encoded them. URLs are ASCII besides. */
const bytesOf = (encoded: string): string =>
  encoded.replace(/%([\da-f]{2})/gi, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));

const explain = (status: number, { username }: URL): string => {
  if (status === 401 || status === 407) {
    return username === ''
      ? 'it requires a user name and a password, as in HTTPS_PROXY=http://user:password@host:port'
      : 'it does not accept the user name and password of HTTPS_PROXY';
  }
  if (status === 403) return 'it does not allow connections to this host. Ask whoever runs it.';
  return 'ask whoever runs it.';
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
