// For tests: something that answers as the control API does, on loopback, and keeps what it was asked.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface TestingApi {
  readonly url: string;
  readonly asked: Asked[];
  close(): Promise<void>;
}

/** `answers`: by method and path, a status and what goes out as JSON (text goes as it is). */
export const startTestingApi = async (answers: Readonly<Record<string, readonly [status: number, body: unknown]>>): Promise<TestingApi> => {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url: path = '', headers } = request;
    asked.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
    const [status, body] = answers[`${method} ${path}`] ?? [404, { message: 'Not Found' }];
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
