// Answers a service manager, a container platform and Prometheus. Readiness means a tunnel; liveness does not depend on it.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SallyportError } from '../protocol/errors.ts';

export interface HealthPorts {
  readonly ready: () => boolean;
  readonly metrics: () => string;
}

export interface Health {
  /** Where it listens; with the port that was chosen when 0 was asked for. */
  readonly url: string;
  close(): Promise<void>;
}

/** Throws ERR_CONFIGURATION_INVALID when the address cannot be had. */
export const startHealth = async (address: { host: string; port: number }, ports: HealthPorts): Promise<Health> => {
  const server = createServer({ requestTimeout: 5_000 }, (request, response) => {
    const { status, type = 'text/plain; charset=utf-8', text } = answer(request.method ?? '', request.url ?? '', ports);
    response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(text);
  });
  await listen(server, address);
  const { address: host, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const answer = (method: string, path: string, { ready, metrics }: HealthPorts): { status: number; type?: string; text: string } => {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'GET only\n' };
  switch (path) {
    case '/ready':
      return ready() ? { status: 200, text: 'ready\n' } : { status: 503, text: 'no tunnel\n' };
    case '/live':
      return { status: 200, text: 'live\n' };
    case '/metrics':
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', text: metrics() };
    default:
      return { status: 404, text: 'Here are /ready, /live and /metrics.\n' };
  }
};

const listen = (server: Server, { host, port }: { host: string; port: number }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new SallyportError(
          'ERR_CONFIGURATION_INVALID',
          cause.code === 'EADDRINUSE'
            ? `--health-address: port ${port} on ${host} is in use by another program. Choose another port, or 0 for any, or off.`
            : `--health-address: cannot listen on ${host}:${port}: ${cause.message}.`,
          { cause },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
