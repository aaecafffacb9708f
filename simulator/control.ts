// The simulator's own HTTP interface on loopback: meter, faults, access records, logs, and what each service registers.
// Differs from AWS: nothing there answers here.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { asSallyportError, SallyportError } from '../protocol/errors.ts';

export interface ControlRequest {
  /** Values of the `:name` parts of the route's path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The body as JSON; undefined when there was none. */
  readonly body: unknown;
}

export interface ControlRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** `/sockets/:connectionId`; a part that begins with `:` stands for one segment. */
  readonly path: string;
  /** One sentence for `GET /`. */
  readonly says: string;
  /** What it gives is answered as JSON; undefined as 204. A thrown SallyportError is answered with its status. */
  handle(request: ControlRequest): unknown;
}

export interface Control {
  readonly url: string;
  add(routes: readonly ControlRoute[]): void;
  dispose(): Promise<void>;
}

const BODY_MAX_BYTES = 1024 * 1024;

export const startControl = async (port = 0): Promise<Control> => {
  const routes: ControlRoute[] = [];
  const server = createServer((request, response) => {
    answer(routes, request).then(
      (result) => send(response, result === undefined ? 204 : 200, result),
      (error: unknown) => {
        const { code, traits, message } = asSallyportError(error);
        send(response, traits.status, { code, message });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `The control interface cannot listen on port ${port} of 127.0.0.1: ${cause.message}. Choose another port.`;
      reject(new SallyportError('ERR_CONFIGURATION_INVALID', message, { cause }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });

  const add = (more: readonly ControlRoute[]) => routes.push(...more);
  add([
    {
      method: 'GET',
      path: '/',
      says: 'lists what can be asked',
      handle: () => routes.map(({ method, path, says }) => ({ method, path, says })),
    },
  ]);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add,
    dispose: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const answer = async (routes: readonly ControlRoute[], request: IncomingMessage): Promise<unknown> => {
  refuseBrowsers(request);
  const url = new URL(request.url ?? '/', 'http://control');
  const path = url.pathname.split('/');
  const onPath = routes.flatMap((route) => {
    const params = match(route.path.split('/'), path);
    return params ? [{ route, params }] : [];
  });
  const found = onPath.find(({ route }) => route.method === request.method);
  if (!found) {
    throw new SallyportError(
      onPath.length > 0 ? 'ERR_METHOD_REFUSED' : 'ERR_REQUEST_INVALID',
      `The control interface has no ${request.method} ${url.pathname}; GET / lists what it has.`,
    );
  }
  return found.route.handle({ params: found.params, query: url.searchParams, body: await readBody(request) });
};

/** A web page must not steer the simulator: neither by a request of its own nor by a name that it points at loopback. */
const refuseBrowsers = ({ headers }: IncomingMessage) => {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined || !['127.0.0.1', 'localhost'].includes(host)) {
    throw new SallyportError('ERR_ACCESS_DENIED', 'The control interface answers programs on this machine only, not web pages.');
  }
};

const match = (pattern: readonly string[], path: readonly string[]): Record<string, string> | null => {
  if (pattern.length !== path.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const value = path[index] ?? '';
    if (part.startsWith(':') && value !== '') params[part.slice(1)] = decodeURIComponent(value);
    else if (part !== value) return null;
  }
  return params;
};

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX_BYTES) throw new SallyportError('ERR_BODY_TOO_LARGE', 'The control interface takes 1 MB at most.');
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'The body is not JSON.', { cause: error });
  }
};

const send = (response: ServerResponse, status: number, body: unknown) => {
  if (body === undefined) return response.writeHead(status).end();
  return response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body, null, 2)}\n`);
};
