// The one port that users and connectors see: custom domain names by Host header, the most specific name first.
// Differs from AWS: all names share a port of this machine, without TLS unless it is asked for.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext } from 'node:tls';
import { SallyportError } from '../protocol/errors.ts';
import { type Listening, listen, withoutUpgrade } from './apigateway/listen.ts';
import { type Arrival, hostName } from './apigateway/request.ts';
import { type Authority, createAuthority } from './certificate.ts';
import { AwsError } from './services.ts';

/** An API as its custom domain names reach it. */
export interface ApiTarget {
  readonly protocol: 'REST' | 'HTTP' | 'WEBSOCKET';
  request(message: IncomingMessage, response: ServerResponse, arrival: Arrival): void;
  upgrade?(message: IncomingMessage, socket: Duplex, head: Buffer, arrival: Arrival): void;
}

export interface Mapping {
  readonly basePath: string;
  readonly stage: string;
  readonly target: ApiTarget;
}

export interface PublicServer {
  readonly scheme: 'http' | 'https';
  readonly port: number;
  /** PEM of the authority to trust, when the port speaks TLS. */
  readonly authority: string | undefined;
  /** `http://portal.sallyport.localhost:8080`. */
  origin(domainName: string): string;
  /** Takes a domain name (`portal.example.com`, `*.apps.example.com`). Throws AwsError ConflictException when it is taken. */
  claim(domainName: string): void;
  /** Throws AwsError when the name is unknown, the base path is taken, or a WebSocket API would share the name. */
  map(domainName: string, mapping: Mapping): void;
  dispose(): Promise<void>;
}

export interface PublicServerOptions {
  readonly port: number;
  readonly tls: boolean;
  readonly now: () => number;
}

/** Throws ERR_CONFIGURATION_INVALID when the port cannot be had. */
export const startPublicServer = async ({ port: wanted, tls, now }: PublicServerOptions): Promise<PublicServer> => {
  const domains = new Map<string, Mapping[]>();
  const authority = tls ? createAuthority(now()) : undefined;
  const scheme = tls ? 'https' : 'http';

  const find = (message: IncomingMessage): { mapping: Mapping; arrival: Arrival } | 'healthy' | undefined => {
    const mappings = domains.get(mostSpecific(domains, hostName(message.headers.host ?? '')) ?? '');
    const path = (message.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '').replace(/\?.*$/s, '');
    // Reserved for the health check of the service; HTTP APIs do not reserve them.
    const reserved = path === '/ping' || path === '/sping';
    if (mappings && reserved && mappings.some(({ target }) => target.protocol !== 'HTTP')) return 'healthy';
    const mapping = mappings?.find(({ basePath }) => basePath === '' || path === `/${basePath}` || path.startsWith(`/${basePath}/`));
    return mapping && { mapping, arrival: { scheme, port: listening.port, mapping } };
  };

  const request = (message: IncomingMessage, response: ServerResponse): void => {
    const found = find(message);
    if (found === undefined) send(response, 403, 'application/json', '{"message":"Forbidden"}');
    // Unverified on AWS: the wording.
    else if (found === 'healthy') send(response, 200, 'text/plain', 'Healthy');
    else found.mapping.target.request(message, response, found.arrival);
  };
  const upgrade = (message: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const found = find(message);
    if (typeof found === 'object' && found.mapping.target.upgrade) found.mapping.target.upgrade(message, socket, head, found.arrival);
    else withoutUpgrade(message, socket, request);
  };

  const listening = await listenOn(wanted, { request, upgrade, tls: authority && secured(authority) });
  return {
    scheme,
    port: listening.port,
    authority: authority?.certificate,
    origin: (domainName) => `${scheme}://${domainName}:${listening.port}`,
    claim: (domainName) => {
      if (domains.has(domainName)) {
        throw new AwsError(409, 'ConflictException', `The domain name you provided already exists: ${domainName}`);
      }
      domains.set(domainName, []);
    },
    map: (domainName, mapping) => {
      const mappings = domains.get(domainName);
      if (!mappings) throw new AwsError(404, 'NotFoundException', `Invalid domain name identifier specified: ${domainName}`);
      if (mappings.some(({ basePath }) => basePath === mapping.basePath)) {
        throw new AwsError(409, 'ConflictException', 'ApiMapping key already exists for this domain name');
      }
      const webSocket = (one: Mapping) => one.target.protocol === 'WEBSOCKET';
      if (mappings.some((other) => webSocket(other) !== webSocket(mapping))) {
        throw new AwsError(400, 'BadRequestException', 'Only WebSocket APIs can be attached to a domain name that one is attached to.');
      }
      mappings.push(mapping);
      mappings.sort((left, right) => right.basePath.length - left.basePath.length);
    },
    dispose: listening.close,
  };
};

/** The name itself, else the wildcard for its first label. */
const mostSpecific = (domains: ReadonlyMap<string, unknown>, host: string): string | undefined =>
  [host, host.replace(/^[^.]+/, '*')].find((name) => domains.has(name));

const send = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(body);
};

const listenOn = async (port: number, options: Omit<Parameters<typeof listen>[0], 'port'>): Promise<Listening> => {
  try {
    return await listen({ port, ...options });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const why = code === 'EADDRINUSE' ? 'another program uses it' : code;
    throw new SallyportError(
      'ERR_CONFIGURATION_INVALID',
      `The simulator cannot listen on port ${port} of 127.0.0.1: ${why}. End that program, or choose another port with --port.`,
      { cause },
    );
  }
};

/** A certificate for each name that a client asks for by SNI. */
const secured = (authority: Authority) => {
  const contexts = new Map<string, SecureContext>();
  const contextFor = (name: string): SecureContext => {
    const known = contexts.get(name);
    if (known) return known;
    const { certificate, privateKey } = authority.issue(name);
    const made = createSecureContext({ cert: certificate + authority.certificate, key: privateKey, minVersion: 'TLSv1.2' });
    contexts.set(name, made);
    return made;
  };
  const { certificate: cert, privateKey: key } = authority.issue('localhost');
  return {
    cert,
    key,
    minVersion: 'TLSv1.2' as const,
    SNICallback: (name: string, done: (error: Error | null, context?: SecureContext) => void) => done(null, contextFor(name)),
  };
};
