// An application that a test holds in its hand: tells what came, pauses where it is told to, and knows the digest of what it sent.
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const MEGABYTE = 1024 * 1024;

/**
 * `/download?name=N&mb=M&pause=P`: M random megabytes, a pause after P of them.
 * `/held?name=N`: no answer before the release. `/digest`: bytes and SHA-256 of the request's body, as JSON. Anything else: 200, `ok`.
 */
export interface TestOrigin {
  /** Ends with `/`. */
  readonly url: string;
  /** Method and URL of each request, oldest first. */
  readonly calls: readonly string[];
  /** Resolves when so many requests have come whose method and URL begin so. */
  arrived(call: string, count?: number): Promise<void>;
  /** Ends the pause of a name, now or when it comes. */
  release(name: string): void;
  /** SHA-256 of all that was sent under a name. */
  sent(name: string): string;
  dispose(): Promise<void>;
}

export const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

export const startOrigin = async (): Promise<TestOrigin> => {
  const calls: string[] = [];
  const waiting = new Set<() => void>();
  const gates = new Map<string, { readonly open: Promise<void>; readonly release: () => void }>();
  const digests = new Map<string, string>();

  const gate = (name: string) => {
    let release = () => {};
    const made = gates.get(name) ?? { open: new Promise<void>((resolve) => (release = resolve)), release: () => release() };
    gates.set(name, made);
    return made;
  };

  const download = async (response: ServerResponse, query: URLSearchParams): Promise<void> => {
    const [name, megabytes, pause] = [query.get('name') ?? '', Number(query.get('mb')), Number(query.get('pause'))];
    const hash = createHash('sha256');
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': megabytes * MEGABYTE });
    for (let sent = 0; sent < megabytes && !response.destroyed; sent += 1) {
      if (sent === pause) await gate(name).open;
      const part = randomBytes(MEGABYTE);
      hash.update(part);
      if (!response.write(part)) await new Promise<void>((resolve) => response.once('drain', resolve).once('close', resolve));
    }
    digests.set(name, hash.digest('hex'));
    response.end();
  };

  const digest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const body = Buffer.concat(parts);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ bytes: body.length, sha256: sha256(body) }));
  };

  const server = createServer(async (request, response) => {
    calls.push(`${request.method} ${request.url}`);
    for (const look of [...waiting]) look();
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://origin');
    try {
      if (pathname === '/download') return await download(response, searchParams);
      if (pathname === '/digest') return await digest(request, response);
      if (pathname === '/held') await gate(searchParams.get('name') ?? '').open;
      response.end('ok');
    } catch {
      // An upload that broke off.
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    calls,
    arrived: (call, count = 1) =>
      new Promise((resolve) => {
        const look = () => {
          if (calls.filter((one) => one.startsWith(call)).length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    release: (name) => gate(name).release(),
    sent: (name) => digests.get(name) ?? `${name} was not sent to its end`,
    dispose: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
