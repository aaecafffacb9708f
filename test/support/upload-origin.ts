// An application that takes uploads of any size and remembers what they were, without keeping them.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Upload {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  bytes: number;
  /** Hexadecimal; of what came, whether or not it was all. */
  sha256: string;
  /** How it ended: null while it goes on. */
  ended: 'whole' | 'broken' | null;
}

export interface UploadOrigin {
  /** Ends with `/`. `/slow…` is read once it is released; `/refused` is answered 413 at once; `/form` is a page with a form. */
  readonly url: string;
  readonly uploads: readonly Upload[];
  /** Lets `/slow…` be read. */
  release(): void;
  dispose(): Promise<void>;
}

export const startUploadOrigin = async (pages: Readonly<Record<string, string>> = {}): Promise<UploadOrigin> => {
  const uploads: Upload[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });

  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request;
    const upload: Upload = { method, url, headers, bytes: 0, sha256: '', ended: null };
    uploads.push(upload);
    if (url.startsWith('/refused')) {
      response.writeHead(413, { connection: 'close' }).end('too large');
      return;
    }
    const hash = createHash('sha256');
    try {
      if (url.startsWith('/slow')) await released;
      for await (const chunk of request as AsyncIterable<Buffer>) {
        hash.update(chunk);
        upload.bytes += chunk.length;
      }
      upload.ended = 'whole';
    } catch {
      upload.ended = 'broken';
    }
    upload.sha256 = hash.digest('hex');
    const { bytes, sha256 } = upload;
    response.writeHead(201, { 'content-type': 'application/json', 'x-taken': String(bytes) }).end(JSON.stringify({ bytes, sha256 }));
  };

  const server = createServer((request, response) => {
    const page = request.method === 'GET' ? pages[request.url ?? ''] : undefined;
    if (page !== undefined) response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    else if (request.method === 'GET') response.end('ok');
    else take(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    uploads,
    release: () => release(),
    dispose: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
